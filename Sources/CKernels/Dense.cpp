// Dense layers on tokens: DenseProducts.cpp, and the library's products where channels are no whole blocks or there is little
// to multiply.
#include <algorithm>
#include <cstring>
#include <vector>

#include "DenseProducts.hpp"
#include "Products.hpp"
#include "Tokens.h"

namespace {

/// Rows and columns of one product of the library.
constexpr long row_block = 512, weight_block = 128;
constexpr long column_rows = 512;

jml::dense::Operands operands_of(const jml_dense &d) {
  return d.short_products ? jml::dense::Operands::rounded : jml::dense::Operands::whole;
}

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

/// Up to here the library has products of its own, which pack nothing, and sum in another order than its large ones.
bool is_small(long m, long n, long k) { return m * n * k <= 1000000; }

/// How many of the rows, from the first on, have products of DenseProducts.cpp: none, all, or whole blocks of them.
long own_rows(const jml_dense &d) {
  if (!jml::dense::has_blocks(d)) return 0;
  const long rest = d.rows % row_block;
  return d.short_products || !is_small(rest, d.in, d.out) ? d.rows : d.rows - rest;
}

/// Calls body(first, rows) for the blocks of the other rows.
template <typename Body>
void library_rows(const jml_dense &d, long own, const Body &body) {
  jml::prepare_blas();
  jml::parallel_for(blocks_of(d.rows - own, row_block), 1, [&](long a, long b) {
    for (long first = own + a * row_block; a < b; ++a, first += row_block)
      body(first, std::min(row_block, d.rows - first));
  });
}

}  // namespace

int jml_dense_rounds(const jml_dense *d) { return d->short_products && jml::dense::has_blocks(*d); }

void jml_dense_forward(const jml_dense *d, const float *x, const float *w, const float *bias, float *y) {
  const long own = own_rows(*d);
  if (own > 0) jml::dense::multiply(operands_of(*d), own, d->out, d->in, x, w, !d->in_first, bias, y);
  library_rows(*d, own, [&](long first, long rows) {
    const float *in = x + first * d->in;
    float *out = y + first * d->out;
    if (bias) copy_rows(bias, rows, d->out, out);
    const float beta = bias ? 1.0f : 0.0f;
    if (d->in_first) jml::product(rows, d->out, d->in, in, d->in, w, d->out, beta, out, d->out);
    else jml::product_nt(rows, d->out, d->in, in, d->in, w, d->in, beta, out, d->out);
  });
}

void jml_dense_backward_data(const jml_dense *d, const float *dy, const float *w, float *dx) {
  const long own = own_rows(*d);
  if (own > 0) jml::dense::multiply(operands_of(*d), own, d->in, d->out, dy, w, d->in_first, nullptr, dx);
  library_rows(*d, own, [&](long first, long rows) {
    const float *in = dy + first * d->out;
    float *out = dx + first * d->in;
    if (d->in_first) jml::product_nt(rows, d->in, d->out, in, d->out, w, d->out, 0, out, d->in);
    else jml::product(rows, d->in, d->out, in, d->out, w, d->in, 0, out, d->in);
  });
}

void jml_dense_backward_weights(const jml_dense *d, const float *x, const float *dy, float *dw, float *dbias) {
  if (dbias) column_sums(dy, d->rows, d->out, dbias);
  // dw [m, n] = left [rows, m]^T * right [rows, n].
  const float *left = d->in_first ? x : dy, *right = d->in_first ? dy : x;
  const long m = d->in_first ? d->in : d->out, n = d->in_first ? d->out : d->in;
  const long last_rows = (d->rows - 1) % jml::dense::sum_rows + 1, last_columns = (m - 1) % weight_block + 1;
  if (jml::dense::has_blocks(*d) && (d->short_products || !is_small(last_rows, last_columns, n)))
    return jml::dense::multiply_transposed(operands_of(*d), d->rows, m, n, left, right, dw);
  jml::prepare_blas();
  constexpr long sum_rows = jml::dense::sum_rows;
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
