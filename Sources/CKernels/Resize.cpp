// Bilinear resize of channel-blocked maps that is added to what is there; the library would write it for itself first. Order and
// rounding are those of the library, so that the sum has the same bits.
#include <algorithm>
#include <cmath>
#include <vector>

#include "Parallel.h"
#include "Primitives.h"
#include "Vectors.hpp"

namespace {

/// The source positions between which a target position lies, and their shares.
struct Place {
  long left, right;
  float left_share, right_share;
};

/// Between which source positions each target position lies, half-pixel centres.
std::vector<Place> places_of(long from, long to) {
  std::vector<Place> places(to);
  for (long i = 0; i < to; ++i) {
    const float s = ((float)i + 0.5f) * (float)from / (float)to - 0.5f;
    const long left = std::max((long)std::floor(s), 0L), right = std::min((long)std::ceil(s), from - 1);
    const float share = std::fabs(s - (float)left);
    places[i] = {left, right, 1 - share, share};
  }
  return places;
}

/// An axis' places: a vector's own functions would not be compiled for the instructions that are wanted.
struct Axis {
  const Place *places;
  long count;
  explicit Axis(const std::vector<Place> &places) : places(places.data()), count(places.size()) {}
};

/// A source row, resized along its columns.
template <int B>
inline __attribute__((always_inline)) void resize_row(const Axis &columns, const float *x, float *line) {
  for (const Place *p = columns.places; p < columns.places + columns.count; ++p, line += B) {
    const jml::Vector<B> left = JML_CONST_BLOCK(B, x + p->left * B), right = JML_CONST_BLOCK(B, x + p->right * B);
    JML_BLOCK(B, line) = __builtin_elementwise_fma(right, jml::Vector<B>{} + p->right_share, left * p->left_share);
  }
}

/// y += the resized plane.
template <int B>
inline __attribute__((always_inline)) void resize_plane(
    const Axis &rows, const Axis &columns, long width, const float *x, float *lines, float *y) {
  const long size = columns.count * B;
  // The two source rows that the last target row lay between, each where its number is even or odd.
  long held[2] = {-1, -1};
  const auto line_of = [&](long row) __attribute__((always_inline)) {
    float *line = lines + row % 2 * size;
    if (held[row % 2] != row) resize_row<B>(columns, x + row * width * B, line);
    held[row % 2] = row;
    return line;
  };
  for (const Place *p = rows.places; p < rows.places + rows.count; ++p) {
    const float *top = line_of(p->left), *bottom = line_of(p->right);
    const jml::Vector<B> lower = jml::Vector<B>{} + p->right_share;
    for (long i = 0; i < size; i += B, y += B) {
      const jml::Vector<B> value = __builtin_elementwise_fma(
          jml::Vector<B>(JML_CONST_BLOCK(B, bottom + i)), lower, JML_CONST_BLOCK(B, top + i) * p->left_share);
      JML_BLOCK(B, y) = JML_CONST_BLOCK(B, y) + value;
    }
  }
}

JML_MULTIVERSION16
void plane16(const Axis &rows, const Axis &columns, long width, const float *x, float *lines, float *y) {
  resize_plane<16>(rows, columns, width, x, lines, y);
}
JML_MULTIVERSION8
void plane8(const Axis &rows, const Axis &columns, long width, const float *x, float *lines, float *y) {
  resize_plane<8>(rows, columns, width, x, lines, y);
}

long pixels(const jml_map &m) { return (long)m.height * m.width; }
long planes(const jml_map &m) { return (long)m.batch * ((m.channels + m.block - 1) / m.block); }

}  // namespace

void jml_resize_add(const jml_map *in, const jml_map *out, const float *x, float *y) {
  const auto down = places_of(in->height, out->height), across = places_of(in->width, out->width);
  const Axis rows(down), columns(across);
  const long block = in->block, from = pixels(*in) * block, to = pixels(*out) * block;
  jml::parallel_for(planes(*in), 1, [&](long first, long last) {
    std::vector<float> lines(2 * out->width * block);
    for (long p = first; p < last; ++p)
      (block == 16 ? plane16 : plane8)(rows, columns, in->width, x + p * from, lines.data(), y + p * to);
  });
}
