#include "DenseProducts.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "BlockedProducts.hpp"
#include "Parallel.h"
#include "Scratch.hpp"
#include "ShortProducts.hpp"

namespace {

using jml::Maps;
using jml::Run;
using jml::Short;
using jml::Writing;

/// `count` rows, `stride` floats apart, as channel blocks: [block][row][B].
template <int B>
inline __attribute__((always_inline)) void gather(const float *v, long count, long stride, long blocks, float *out) {
  for (long row = 0; row < count; ++row, v += stride)
    for (long b = 0; b < blocks; ++b) JML_BLOCK(B, out + (b * count + row) * B) = JML_CONST_BLOCK(B, v + b * B);
}

JML_MULTIVERSION16
void gather16(const float *v, long count, long stride, long blocks, float *out) {
  gather<16>(v, count, stride, blocks, out);
}
JML_MULTIVERSION8
void gather8(const float *v, long count, long stride, long blocks, float *out) {
  gather<8>(v, count, stride, blocks, out);
}

JML_MULTIVERSION
void add_tile(const float *tile, long rows, long columns, float *out, long stride) {
  for (long r = 0; r < rows; ++r)
    for (long c = 0; c < columns; ++c) out[r * stride + c] += tile[r * columns + c];
}

/// Operands in float32.
struct Whole {
  using Number = float;
  static constexpr long sum_rows = jml::dense::sum_rows;
  const int block = jml_preferred_block();

  /// How many of `left` terms are summed before the sum is added to the others: as OpenBLAS does, so that numbers are the ones
  /// that its products have.
  static long chunk(long left) {
    constexpr long most = 320, unit = 16;
    if (left >= 2 * most) return most;
    return left > most ? (left / 2 + unit - 1) / unit * unit : left;
  }
  void pack(long k, long n, const float *w, long stride, bool transposed, float *u) const {
    (transposed ? jml::pack_panels_transposed : jml::pack_panels)(block, k, n, w, stride, u);
  }
  void rows(const float *v, long count, long stride, long blocks, float *out) const {
    (block == 16 ? gather16 : gather8)(v, count, stride, blocks, out);
  }
  void product(const Maps &maps, const Run &run, const float *v, const float *u, const Writing &writing, float *m) const {
    jml::blocked_product(block, maps, &run, 1, v, u, writing, m);
  }
  long pairs(const float *v, long count, long stride, long blocks, float *out) const {
    rows(v, count, stride, blocks, out);
    return count;
  }
  void add_transposed(long k, long n, long count, const float *v, const float *m, float *u, long stride) const {
    float *tile = jml::scratch<float>(jml::output_slot, k * n);
    const Maps maps{k, n, count * block, count * block};
    const Run run{0, 0, count};
    jml::blocked_product_tn(block, maps, &run, 1, v, m, true, tile, n);
    add_tile(tile, k, n, u, stride);
  }
};

/// Operands in bfloat16; sums run over all that there is.
struct Rounded {
  using Number = Short;
  static constexpr long sum_rows = 1L << 40;
  static constexpr long block = 16;

  static long chunk(long left) { return left; }
  void pack(long k, long n, const float *w, long stride, bool transposed, Short *u) const {
    (transposed ? jml::pack_short_panels_transposed : jml::pack_short_panels)(k, n, w, stride, u);
  }
  void rows(const float *v, long count, long stride, long blocks, Short *out) const {
    jml::shorten_rows(v, count, stride, blocks, out);
  }
  void product(const Maps &maps, const Run &run, const Short *v, const Short *u, const Writing &writing, float *m) const {
    jml::short_product(maps, &run, 1, v, u, writing, m);
  }
  long pairs(const float *v, long count, long stride, long blocks, Short *out) const {
    return jml::shorten_row_pairs(v, count, stride, blocks, out);
  }
  void add_transposed(long k, long n, long pairs, const Short *v, const Short *m, float *u, long stride) const {
    jml::short_product_tn(k, n, pairs, v, m, false, u, stride);
  }
};

/// All panels of w, [k, n] or transposed [n, k]: [chunk of k][panel].
template <typename Form>
typename Form::Number *packed(const Form &form, long k, long n, const float *w, bool transposed) {
  auto *u = jml::scratch<typename Form::Number>(jml::weight_slot, k * n);
  const long width = jml::panel_blocks * form.block;
  jml::parallel_for((n + width - 1) / width, 1, [&](long first, long last) {
    const long column = first * width, columns = std::min(n, last * width) - column;
    for (long start = 0, count; start < k; start += count) {
      count = form.chunk(k - start);
      form.pack(
          count, columns, transposed ? w + column * k + start : w + start * n + column, transposed ? k : n, transposed,
          u + start * n + column * count);
    }
  });
  return u;
}

template <typename Form>
void multiply(
    const Form &form, long rows, long n, long k, const float *in, const float *w, bool transposed, const float *bias,
    float *out) {
  using Number = typename Form::Number;
  const Number *u = packed(form, k, n, w, transposed);
  // A row's numbers are the same whatever piece it is in, so that pieces may depend on the threads.
  const long most = jml::cached_pixels<Number>(k, rows);
  const long pieces = (rows + most - 1) / most;
  jml::parallel_for(pieces, 1, [&](long begin, long end) {
    Number *source = jml::scratch<Number>(jml::source_slot, most * k);
    for (long piece = begin; piece < end; ++piece) {
      const long first = rows * piece / pieces, taken = rows * (piece + 1) / pieces - first;
      form.rows(in + first * k, taken, k, k / form.block, source);
      for (long start = 0, count; start < k; start += count) {
        count = form.chunk(k - start);
        const Maps maps{count, n, taken * form.block, form.block};
        form.product(
            maps, Run{0, 0, taken}, source + start * taken, u + start * n, {start == 0, n, bias}, out + first * n);
      }
    }
  });
}

/// Rows of dw that are summed at once.
constexpr long most_inputs = 256;
/// Rows of tokens whose operands wait in the cache, where chunks are not shorter.
constexpr long most_rows = 1024;

/// Adds left^T * right to dw [m, n] for `inputs` of the m from `start` on.
template <typename Form>
void add_rows(
    const Form &form, long rows, long m, long n, const float *left, const float *right, long start, long inputs,
    float *dw) {
  using Number = typename Form::Number;
  for (long row = 0, count; row < rows; row += count) {
    count = std::min(most_rows, form.chunk(rows - row));
    Number *v = jml::scratch<Number>(jml::source_slot, inputs * (most_rows + 1));
    Number *gradients = jml::scratch<Number>(jml::gradient_slot, jml::product_columns * form.block * (most_rows + 1));
    const long terms = form.pairs(left + row * m + start, count, m, inputs / form.block, v);
    for (long column = 0; column < n;) {
      const long columns = jml::next_product_columns(form.block, (n - column) / form.block) * form.block;
      form.pairs(right + row * n + column, count, n, columns / form.block, gradients);
      form.add_transposed(inputs, columns, terms, v, gradients, dw + start * n + column, n);
      column += columns;
    }
  }
}

template <typename Form>
void multiply_transposed(
    const Form &form, long rows, long m, long n, const float *left, const float *right, float *dw) {
  const long sums = (rows + Form::sum_rows - 1) / Form::sum_rows, blocks = m / form.block;
  std::memset(dw, 0, m * n * sizeof(float));
  std::vector<float> partial(sums > 1 ? sums * m * n : 0);
  // Threads split the rows of dw, so each of its numbers is summed by one of them.
  jml::parallel_for(sums * blocks, 1, [&](long begin, long end) {
    for (long item = begin, count; item < end; item += count) {
      const long sum = item / blocks, block = item % blocks, first = sum * Form::sum_rows;
      count = std::min({end - item, blocks - block, most_inputs / form.block});
      add_rows(
          form, std::min(Form::sum_rows, rows - first), m, n, left + first * m, right + first * n, block * form.block,
          count * form.block, sums > 1 ? partial.data() + sum * m * n : dw);
    }
  });
  for (long sum = 0; sums > 1 && sum < sums; ++sum) add_tile(partial.data() + sum * m * n, m, n, dw, n);
}

}  // namespace

bool jml::dense::has_blocks(const jml_dense &d) {
  const long block = d.short_products ? Rounded::block : jml_preferred_block();
  return d.in % block == 0 && d.out % block == 0;
}

void jml::dense::multiply(
    Operands operands, long rows, long n, long k, const float *in, const float *w, bool transposed, const float *bias,
    float *out) {
  if (operands == Operands::rounded) ::multiply(Rounded{}, rows, n, k, in, w, transposed, bias, out);
  else ::multiply(Whole{}, rows, n, k, in, w, transposed, bias, out);
}

void jml::dense::multiply_transposed(
    Operands operands, long rows, long m, long n, const float *left, const float *right, float *dw) {
  if (operands == Operands::rounded) ::multiply_transposed(Rounded{}, rows, m, n, left, right, dw);
  else ::multiply_transposed(Whole{}, rows, m, n, left, right, dw);
}
