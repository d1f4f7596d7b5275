// Backward pass of the bilinear resize: each source pixel sums what the target pixels around it give. Order and rounding are those
// of the library, so that results have its bits: maps in blocks of 16 are summed in another order than others.
#include <algorithm>
#include <cmath>
#include <vector>

#include "Parallel.h"
#include "Primitives.h"
#include "ResizeGeometry.hpp"
#include "Vectors.hpp"

namespace {

/// Targets that a source position is the left (0) or right (1) neighbour of: first[side]..<last[side].
struct Reach {
  long first[2], last[2];
};

/// One axis: what reaches each source position, and the shares of each target's left and right neighbour.
struct Transpose {
  std::vector<Reach> reaches;
  std::vector<float> shares;  // [target][side]

  /// - Parameter mirrored: a target before the first source position gives it both shares; they are swapped there.
  Transpose(long source, long target, bool mirrored) : reaches(source), shares(2 * target) {
    const auto on_target = [&](long i) { return jml::resized_position(i, source, target); };
    for (long i = 0; i < source; ++i) {
      Reach &r = reaches[i];
      r.first[0] = i == 0 ? 0 : (long)std::ceil(on_target(i));
      r.last[0] = std::min((long)std::ceil(on_target(i + 1)), target);
      r.first[1] = std::max((long)std::floor(on_target(i - 1)) + 1, 0L);
      r.last[1] = i == source - 1 ? target : std::clamp((long)std::floor(on_target(i)) + 1, 0L, target);
    }
    for (long o = 0; o < target; ++o) {
      const float s = jml::resized_position(o, target, source);
      const float right = mirrored ? s - std::floor(s) : std::fabs(s - std::trunc(s));
      shares[2 * o] = 1 - right;
      shares[2 * o + 1] = right;
    }
  }
};

/// A `Transpose`: a vector's own functions would not be compiled for the instructions that are wanted.
struct Axis {
  const Reach *reaches;
  const float *shares;
  long source, target;
  explicit Axis(const Transpose &t)
      : reaches(t.reaches.data()), shares(t.shares.data()), source(t.reaches.size()), target(t.shares.size() / 2) {}
};

/// dx of one plane. Sums go along the columns of a row, and a term is (dy * the row's share) * the column's; or, `by_columns`, they go
/// along the rows of a column, and a term is dy * (the column's share * the row's).
template <int B, bool by_columns>
inline __attribute__((always_inline)) void gather_plane(const Axis &rows, const Axis &columns, const float *dy, float *dx) {
  const Axis &outer = by_columns ? columns : rows, &inner = by_columns ? rows : columns;
  const long outer_step = (by_columns ? 1 : columns.target) * B, inner_step = (by_columns ? columns.target : 1) * B;
  for (const Reach *row = rows.reaches; row < rows.reaches + rows.source; ++row)
    for (const Reach *column = columns.reaches; column < columns.reaches + columns.source; ++column, dx += B) {
      const Reach &across = by_columns ? *column : *row, &along = by_columns ? *row : *column;
      jml::Vector<B> sum{};
      for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 2; ++j)
          for (long o = across.first[i]; o < across.last[i]; ++o)
            for (long n = along.first[j]; n < along.last[j]; ++n) {
              const jml::Vector<B> value = JML_CONST_BLOCK(B, dy + o * outer_step + n * inner_step);
              const float share = outer.shares[2 * o + i], next = inner.shares[2 * n + j];
              // A product that is fused with a zero is not fused with the sum.
              if (by_columns)
                sum += __builtin_elementwise_fma(value, jml::Vector<B>{} + share * next, jml::Vector<B>{});
              else sum += __builtin_elementwise_fma(value * share, jml::Vector<B>{} + next, jml::Vector<B>{});
            }
      JML_BLOCK(B, dx) = sum;
    }
}

JML_MULTIVERSION16
void plane16(const Axis &rows, const Axis &columns, const float *dy, float *dx) {
  gather_plane<16, true>(rows, columns, dy, dx);
}

JML_MULTIVERSION8
void plane8(const Axis &rows, const Axis &columns, const float *dy, float *dx) {
  gather_plane<8, false>(rows, columns, dy, dx);
}

JML_MULTIVERSION
void plain_plane(const Axis &rows, const Axis &columns, const float *dy, float *dx) {
  gather_plane<1, false>(rows, columns, dy, dx);
}

}  // namespace

void jml_resize_backward(const jml_map *in, const jml_map *out, const float *dy, float *dx) {
  const bool wide = in->block == 16;
  const Transpose down(in->height, out->height, wide), across(in->width, out->width, wide);
  const Axis rows(down), columns(across);
  const long from = jml::plane_size(*out), to = jml::plane_size(*in);
  const auto plane = wide ? plane16 : in->block == 8 ? plane8 : plain_plane;
  jml::parallel_for(jml::planes_of(*in), 1, [&](long first, long last) {
    for (long p = first; p < last; ++p) plane(rows, columns, dy + p * from, dx + p * to);
  });
}
