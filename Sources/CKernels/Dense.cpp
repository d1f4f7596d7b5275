// Dense layers on tokens: products of fixed blocks of rows, spread over the threads.
#include <algorithm>
#include <cstring>
#include <vector>

#include "DenseShort.hpp"
#include "Products.hpp"
#include "Tokens.h"

namespace {

constexpr long row_block = 512;
/// Rows a partial sum of a weight gradient runs over.
constexpr long sum_rows = 8192;
/// Rows of a weight gradient that one task computes.
constexpr long weight_block = 128;
constexpr long column_rows = 512;

long blocks_of(long count, long size) { return (count + size - 1) / size; }

/// out[c] = sum over rows of x[row, c].
JML_MULTIVERSION
void add_rows(const float *x, long rows, long columns, float *out) {
  for (long r = 0; r < rows; ++r)
    for (long c = 0; c < columns; ++c) out[c] += x[r * columns + c];
}

void copy_rows(const float *row, long rows, long columns, float *out) {
  for (long r = 0; r < rows; ++r) std::memcpy(out + r * columns, row, columns * sizeof(float));
}

void column_sums(const float *x, long rows, long columns, float *out) {
  const long count = blocks_of(rows, column_rows);
  std::vector<float> partial(count * columns, 0.0f);
  jml::parallel_for(count, 4, [&](long a, long b) {
    for (long i = a; i < b; ++i)
      add_rows(x + i * column_rows * columns, std::min(column_rows, rows - i * column_rows), columns,
               partial.data() + i * columns);
  });
  std::fill(out, out + columns, 0.0f);
  add_rows(partial.data(), count, columns, out);
}

}  // namespace

void jml_dense_forward(const jml_dense *d, const float *x, const float *w, const float *bias, float *y) {
  if (jml::dense::takes_short(*d)) {
    if (bias) jml::parallel_for(d->rows, 64, [&](long a, long b) { copy_rows(bias, b - a, d->out, y + a * d->out); });
    jml::dense::run_short(d->rows, d->out, d->in, x, w, !d->in_first, !bias, y);
    return;
  }
  jml::prepare_blas();
  jml::parallel_for(blocks_of(d->rows, row_block), 1, [&](long a, long b) {
    for (long i = a; i < b; ++i) {
      const long first = i * row_block, rows = std::min(row_block, d->rows - first);
      float *out = y + first * d->out;
      if (bias) copy_rows(bias, rows, d->out, out);
      const float beta = bias ? 1.0f : 0.0f;
      const float *in = x + first * d->in;
      if (d->in_first) jml::product(rows, d->out, d->in, in, d->in, w, d->out, beta, out, d->out);
      else jml::product_nt(rows, d->out, d->in, in, d->in, w, d->in, beta, out, d->out);
    }
  });
}

void jml_dense_backward_data(const jml_dense *d, const float *dy, const float *w, float *dx) {
  if (jml::dense::takes_short(*d)) {
    jml::dense::run_short(d->rows, d->in, d->out, dy, w, d->in_first, true, dx);
    return;
  }
  jml::prepare_blas();
  jml::parallel_for(blocks_of(d->rows, row_block), 1, [&](long a, long b) {
    for (long i = a; i < b; ++i) {
      const long first = i * row_block, rows = std::min(row_block, d->rows - first);
      const float *in = dy + first * d->out;
      float *out = dx + first * d->in;
      if (d->in_first) jml::product_nt(rows, d->in, d->out, in, d->out, w, d->out, 0, out, d->in);
      else jml::product(rows, d->in, d->out, in, d->out, w, d->in, 0, out, d->in);
    }
  });
}

void jml_dense_backward_weights(const jml_dense *d, const float *x, const float *dy, float *dw, float *dbias) {
  if (dbias) column_sums(dy, d->rows, d->out, dbias);
  // dw [m, n] = left [rows, m]^T * right [rows, n].
  const float *left = d->in_first ? x : dy, *right = d->in_first ? dy : x;
  const long m = d->in_first ? d->in : d->out, n = d->in_first ? d->out : d->in;
  if (jml::dense::takes_short(*d)) {
    jml::dense::run_short_weights(d->rows, m, n, left, right, dw);
    return;
  }
  jml::prepare_blas();
  const long sums = blocks_of(d->rows, sum_rows), blocks = blocks_of(m, weight_block);
  std::vector<float> partial(sums > 1 ? sums * m * n : 0);
  jml::parallel_for(sums * blocks, 1, [&](long a, long b) {
    for (long i = a; i < b; ++i) {
      const long first = i / blocks * sum_rows, rows = std::min(sum_rows, d->rows - first);
      const long start = i % blocks * weight_block, width = std::min(weight_block, m - start);
      float *out = (sums > 1 ? partial.data() + i / blocks * m * n : dw) + start * n;
      jml::product_tn(width, n, rows, left + first * m + start, m, right + first * n, n, 0, out, n);
    }
  });
  if (sums > 1) {
    std::fill(dw, dw + m * n, 0.0f);
    add_rows(partial.data(), sums, m * n, dw);
  }
}
