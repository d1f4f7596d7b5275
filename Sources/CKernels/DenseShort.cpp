#include "DenseShort.hpp"

#include <algorithm>
#include <cstring>

#include "Parallel.h"
#include "ShortProducts.hpp"

namespace {

using jml::Maps;
using jml::Run;
using jml::Short;
using jml::short_scratch;

constexpr long block = 16;
constexpr long width = jml::panel_blocks * block;
constexpr int weight_slot = 2, source_slot = 6, gradient_slot = 7;

/// Rows whose operands, in bfloat16, take a quarter of the second-level cache.
long rows_at_once(long k) { return std::clamp(131072 / k, 56L, 512L); }

/// Rows whose pairs are summed at once in a gradient of weights.
constexpr long summed_rows = 1024;

/// All panels of w, [k, n] or transposed [n, k].
Short *packed(long k, long n, const float *w, bool transposed) {
  Short *u = short_scratch(weight_slot, k * n);
  jml::parallel_for((n + width - 1) / width, 1, [&](long first, long last) {
    const long column = first * width, count = std::min(n, last * width) - column;
    if (transposed) jml::pack_short_panels_transposed(k, count, w + column * k, k, u + column * k);
    else jml::pack_short_panels(k, count, w + column, n, u + column * k);
  });
  return u;
}

}  // namespace

bool jml::dense::takes_short(const jml_dense &d) { return d.short_products && d.in % block == 0 && d.out % block == 0; }

void jml::dense::run_short(
    long rows, long n, long k, const float *in, const float *w, bool transposed, bool fresh, float *out) {
  const Short *u = packed(k, n, w, transposed);
  // Each number is one sum over k whatever the pieces, so that they may depend on the threads.
  const long threads = jml_thread_count();
  const long most = std::min(rows_at_once(k), (rows + threads - 1) / threads);
  const long pieces = (rows + most - 1) / most;
  jml::parallel_for(pieces, 1, [&](long begin, long end) {
    Short *source = short_scratch(source_slot, most * k);
    for (long piece = begin; piece < end; ++piece) {
      const long first = rows * piece / pieces, count = rows * (piece + 1) / pieces - first;
      jml::shorten_rows(in + first * k, count, k, source);
      const Maps maps{k, n, count * block, block};
      const Run run{0, 0, count};
      jml::short_product(maps, &run, 1, source, u, fresh, out + first * n, n);
    }
  });
}

void jml::dense::run_short_weights(long rows, long m, long n, const float *left, const float *right, float *dw) {
  std::memset(dw, 0, m * n * sizeof(float));
  // Threads split the rows of dw, so each of its numbers is one uninterrupted sum.
  jml::parallel_for(m / block, 1, [&](long first, long last) {
    const long start = first * block, blocks = last - first;
    Short *inputs = short_scratch(source_slot, blocks * block * summed_rows);
    Short *gradients = short_scratch(gradient_slot, jml::short_columns * block * summed_rows);
    for (long row = 0; row < rows; row += summed_rows) {
      const long count = std::min(summed_rows, rows - row);
      const long pairs = jml::shorten_row_pairs(left + row * m + start, count, m, blocks, inputs);
      for (long column = 0; column < n;) {
        const long columns = jml::next_short_columns((n - column) / block);
        jml::shorten_row_pairs(right + row * n + column, count, n, columns, gradients);
        jml::short_product_tn(
            blocks * block, columns * block, pairs, inputs, gradients, dw + start * n + column, n);
        column += columns * block;
      }
    }
  });
}
