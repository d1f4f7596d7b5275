// Bilinear resize, alone or added to what is there. Order and rounding are those of the library, so that results have its bits: it
// interpolates blocked maps along one axis after the other, and sums four products for each number of a plain map. Here each
// source row is read along the columns once for all target rows.
#include <algorithm>
#include <cmath>
#include <vector>

#include "Parallel.h"
#include "Primitives.h"
#include "ResizeGeometry.hpp"
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
    const float s = jml::resized_position(i, to, from);
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

/// y = the resized plane, or y += it.
template <int B, bool adds>
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
      if (adds) JML_BLOCK(B, y) = JML_CONST_BLOCK(B, y) + value;
      else JML_BLOCK(B, y) = value;
    }
  }
}

/// y = the resized plane of single numbers. `lines`: six rows of the target's width.
inline __attribute__((always_inline)) void resize_plain_plane(
    const Axis &rows, const Axis &columns, long width, const float *x, float *lines, float *y) {
  const long size = columns.count;
  float *left_shares = lines + 4 * size, *right_shares = left_shares + size;
  for (long i = 0; i < size; ++i) {
    left_shares[i] = columns.places[i].left_share;
    right_shares[i] = columns.places[i].right_share;
  }
  long held[2] = {-1, -1};
  // What lies left of each target column in a source row, and then what lies right of it.
  const auto neighbours_of = [&](long row) __attribute__((always_inline)) {
    float *line = lines + row % 2 * 2 * size;
    if (held[row % 2] != row)
      for (long i = 0; i < size; ++i) {
        line[i] = x[row * width + columns.places[i].left];
        line[size + i] = x[row * width + columns.places[i].right];
      }
    held[row % 2] = row;
    return line;
  };
  for (const Place *p = rows.places; p < rows.places + rows.count; ++p, y += size) {
    const float *top = neighbours_of(p->left), *bottom = neighbours_of(p->right);
    for (long i = 0; i < size; ++i) {
      const float above = __builtin_fmaf(
          top[size + i], p->left_share * right_shares[i],
          __builtin_fmaf(top[i], p->left_share * left_shares[i], 0.0f));
      y[i] = __builtin_fmaf(
          bottom[size + i], p->right_share * right_shares[i],
          __builtin_fmaf(bottom[i], p->right_share * left_shares[i], above));
    }
  }
}

#define RESIZE_PLANE(multiversion, name, B, adds)                                                                  \
  multiversion void name(const Axis &rows, const Axis &columns, long width, const float *x, float *lines, float *y) { \
    resize_plane<B, adds>(rows, columns, width, x, lines, y);                                                      \
  }
RESIZE_PLANE(JML_MULTIVERSION16, plane16, 16, false)
RESIZE_PLANE(JML_MULTIVERSION8, plane8, 8, false)
RESIZE_PLANE(JML_MULTIVERSION16, add_plane16, 16, true)
RESIZE_PLANE(JML_MULTIVERSION8, add_plane8, 8, true)

JML_MULTIVERSION
void plain_plane(const Axis &rows, const Axis &columns, long width, const float *x, float *lines, float *y) {
  resize_plain_plane(rows, columns, width, x, lines, y);
}

/// All planes: of channels, or of blocks of them.
template <typename Plane>
void resize(const jml_map &in, const jml_map &out, const float *x, float *y, const Plane &plane) {
  const auto down = places_of(in.height, out.height), across = places_of(in.width, out.width);
  const Axis rows(down), columns(across);
  const long from = jml::plane_size(in), to = jml::plane_size(out);
  jml::parallel_for(jml::planes_of(in), 1, [&](long first, long last) {
    std::vector<float> lines(in.block > 0 ? 2 * out.width * in.block : 6 * out.width);
    for (long p = first; p < last; ++p) plane(rows, columns, in.width, x + p * from, lines.data(), y + p * to);
  });
}

}  // namespace

void jml_resize_forward(const jml_map *in, const jml_map *out, const float *x, float *y) {
  resize(*in, *out, x, y, in->block == 16 ? plane16 : in->block == 8 ? plane8 : plain_plane);
}

void jml_resize_add(const jml_map *in, const jml_map *out, const float *x, float *y) {
  resize(*in, *out, x, y, in->block == 16 ? add_plane16 : add_plane8);
}
