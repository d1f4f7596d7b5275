#pragma once
// Sweeps over one tile of pixels, [classes, lanes], for LossHead.cpp. A lane is a pixel. Everything here is
// inlined into functions compiled once per instruction set, so vectors go in and out by reference: by value
// they would be passed differently by each of them.
#include <stdint.h>

#include <cmath>

#define JML_INLINE static inline __attribute__((always_inline))

namespace jml {

constexpr long lanesPerVector = 16;
typedef float Vector __attribute__((vector_size(64), may_alias));
typedef int32_t IntVector __attribute__((vector_size(64), may_alias));
typedef float UnalignedVector __attribute__((vector_size(64), aligned(4), may_alias));

JML_INLINE const Vector &at(const float *p) { return *reinterpret_cast<const Vector *>(p); }
JML_INLINE Vector &at(float *p) { return *reinterpret_cast<Vector *>(p); }
JML_INLINE const UnalignedVector &loose(const float *p) {
  return *reinterpret_cast<const UnalignedVector *>(p);
}
JML_INLINE UnalignedVector &loose(float *p) { return *reinterpret_cast<UnalignedVector *>(p); }

/// x = exp(x) for x < 88; below -86 the result stays at about 4e-38. Relative error below 1.2e-7. NaN stays
/// NaN. exp(x) = 2^n exp(r), |r| <= ln(2)/2, with a minimax polynomial of degree 6 for exp(r).
JML_INLINE void exponentiate(Vector &x) {
  constexpr float shifter = 12582912.f;  // 1.5 * 2^23: adding it rounds to an integer, kept in the low bits
  const Vector floor = Vector{} - 86.f;
  x = floor > x ? floor : x;
  Vector shifted = x * 1.44269504f + shifter;
  Vector n = shifted - shifter;
  Vector r = x - n * 0.693359375f;
  r = r + n * 2.12194442e-4f;
  Vector p = r * 0x1.6a2352p-10f + 0x1.123a6cp-7f;
  p = p * r + 0x1.5558f4p-5f;
  p = p * r + 0x1.555490p-3f;
  p = p * r + 0x1.fffffcp-2f;
  p = p * r + 1.f;
  p = p * r + 1.f;
  IntVector bits = reinterpret_cast<IntVector &>(p) + (reinterpret_cast<IntVector &>(shifted) << 23);
  x = reinterpret_cast<Vector &>(bits);
}

/// Sum of the lanes, always in the same order.
JML_INLINE float sum(const Vector &v) {
  float lane[lanesPerVector];
  __builtin_memcpy(lane, &v, sizeof lane);
  for (long width = lanesPerVector / 2; width > 0; width /= 2)
    for (long i = 0; i < width; ++i) lane[i] += lane[i + width];
  return lane[0];
}

JML_INLINE float maximum(const Vector &v) {
  float best = v[0];
  for (long i = 1; i < lanesPerVector; ++i) best = v[i] > best ? v[i] : best;
  return best;
}

JML_INLINE void raise(Vector &best, const Vector &v) { best = best > v ? best : v; }

JML_INLINE void magnitude(Vector &v) { v = v < 0.f ? -v : v; }

/// v = sign(v) * scale, zero at zero.
JML_INLINE void signTimes(Vector &v, float scale) {
  const Vector zero = Vector{}, up = zero + scale, down = zero - scale;
  v = v > 0.f ? up : (v < 0.f ? down : zero);
}

/// Up-samples one block of source columns of one interpolated row, all phases of it: lane phase * cells +
/// cell.
/// - row: first source column of the block, for class 0; `rowStride` floats a class, readable one column to
///   each side.
/// - left, right: weights of the neighbours, `weightStride` floats a phase.
/// - logits: [classes, lanes]; greatest: [lanes], over classes.
JML_INLINE void upsample(
    const float *row, long rowStride, const float *left, const float *right, long weightStride, long classes,
    long cells, long phases, float *logits, float *greatest) {
  const long lanes = cells * phases;
  for (long c = 0; c < classes; ++c)
    for (long j = 0; j < cells; j += lanesPerVector) {
      const float *source = row + c * rowStride + j;
      const Vector centre = at(source);
      const Vector before = loose(source - 1) - centre;
      const Vector after = loose(source + 1) - centre;
      for (long k = 0; k < phases; ++k) {
        const long lane = k * cells + j;
        const Vector toLeft = loose(left + k * weightStride + j);
        const Vector toRight = loose(right + k * weightStride + j);
        const Vector z = centre + toLeft * before + toRight * after;
        at(logits + c * lanes + lane) = z;
        if (c == 0) at(greatest + lane) = z;
        raise(at(greatest + lane), z);
      }
    }
}

/// The transpose of `upsample`: adds a tile's gradient to one row of source columns, and one to each side.
JML_INLINE void downsample(
    const float *gradient, const float *left, const float *right, long weightStride, long classes, long cells,
    long phases, float *row, long rowStride) {
  const long lanes = cells * phases;
  for (long c = 0; c < classes; ++c)
    for (long j = 0; j < cells; j += lanesPerVector) {
      Vector all = {}, before = {}, after = {};
      for (long k = 0; k < phases; ++k) {
        const Vector &g = at(gradient + c * lanes + k * cells + j);
        all += g;
        before += g * loose(left + k * weightStride + j);
        after += g * loose(right + k * weightStride + j);
      }
      float *target = row + c * rowStride + j;
      loose(target - 1) += before;
      loose(target + 1) += after;
      at(target) += all - before - after;
    }
}

/// weights = exp((logits - greatest) * scale); may be in place. sums: [lanes] over classes. If wanted, mean =
/// sum over classes of coefficient * weight.
template <bool wantsMean>
JML_INLINE void softmaxWeights(
    const float *logits, const float *greatest, float scale, long classes, long lanes, float *weights,
    float *sums, const float *coefficients, float *mean) {
  for (long l = 0; l < lanes; l += lanesPerVector) {
    const Vector top = at(greatest + l);
    Vector total = {}, weighted = {};
    for (long c = 0; c < classes; ++c) {
      Vector e = (at(logits + c * lanes + l) - top) * scale;
      exponentiate(e);
      total += e;
      if (wantsMean) weighted += e * coefficients[c];
      at(weights + c * lanes + l) = e;
    }
    at(sums + l) = total;
    if (wantsMean) at(mean + l) = weighted;
  }
}

/// `upsample` and `softmaxWeights` at once, for an even integer factor. Along one side of a source column the
/// logits are equally spaced, so their exponentials are a geometric series: three exponentials and a product
/// a pixel instead of one exponential a pixel. For differences between columns that `isGentle`. greatest:
/// over classes at the source column itself, which serves all its pixels.
template <bool wantsMean>
JML_INLINE void softmaxSeries(
    const float *row, long rowStride, long classes, long cells, long phases, float *weights, float *greatest,
    float *sums, const float *coefficients, float *mean) {
  const long lanes = cells * phases, half = phases / 2;
  const float step = 0.5f / float(phases);
  for (long j = 0; j < cells; j += lanesPerVector) {
    Vector top = at(row + j);
    for (long c = 1; c < classes; ++c) raise(top, at(row + c * rowStride + j));
    for (long k = 0; k < phases; ++k) {
      at(greatest + k * cells + j) = top;
      at(sums + k * cells + j) = Vector{};
      if (wantsMean) at(mean + k * cells + j) = Vector{};
    }
    for (long c = 0; c < classes; ++c) {
      const float *source = row + c * rowStride + j;
      const Vector centre = at(source);
      Vector before = (loose(source - 1) - centre) * step, after = (loose(source + 1) - centre) * step;
      Vector left = centre - top;
      exponentiate(left);
      exponentiate(before);
      exponentiate(after);
      Vector right = left * after;
      left *= before;
      before *= before;
      after *= after;
      for (long k = 0; k < half; ++k) {
        const long down = (half - 1 - k) * cells + j, up = (half + k) * cells + j;
        at(weights + c * lanes + down) = left;
        at(weights + c * lanes + up) = right;
        at(sums + down) += left;
        at(sums + up) += right;
        if (wantsMean) {
          at(mean + down) += left * coefficients[c];
          at(mean + up) += right * coefficients[c];
        }
        left *= before;
        right *= after;
      }
    }
  }
}

/// Whether neighbouring columns of a row, [classes, stride], differ by 30 at most, so that logits along the
/// series stay within 15 of the source column's: then sums are between exp(-15) and 255 exp(15), and a class
/// whose exponential at the source column is out of range has no weight anywhere near. False for NaN.
JML_INLINE bool isGentle(const float *row, long stride, long classes, long columns) {
  const Vector zero = Vector{};
  IntVector calm = zero == zero;
  for (long c = 0; c < classes; ++c)
    for (long x = 0; x < columns; x += lanesPerVector) {
      Vector difference = loose(row + c * stride + x + 1) - at(row + c * stride + x);
      magnitude(difference);
      calm &= difference <= 30.f;
    }
  for (long i = 0; i < lanesPerVector; ++i)
    if (!calm[i]) return false;
  return true;
}

/// weights *= keep / sums: probabilities, zero at ignored pixels.
JML_INLINE void normalise(float *weights, const float *inverse, long classes, long lanes) {
  for (long c = 0; c < classes; ++c)
    for (long l = 0; l < lanes; l += lanesPerVector) at(weights + c * lanes + l) *= at(inverse + l);
}

/// inverse = keep / sums.
JML_INLINE void invert(const float *sums, const float *keep, long lanes, float *inverse) {
  for (long l = 0; l < lanes; l += lanesPerVector) at(inverse + l) = at(keep + l) / at(sums + l);
}

/// Sum of log(sums) over kept lanes. The logarithm of a product costs one call for 32 pixels: four sums of at
/// most 255 exp(15) fit a float, eight such products a double.
JML_INLINE double logSum(const float *sums, const float *keep, long lanes) {
  double total = 0;
  for (long first = 0; first < lanes; first += 4 * lanesPerVector) {
    Vector product = Vector{} + 1.f;
    const Vector one = product;
    for (long l = first; l < lanes && l < first + 4 * lanesPerVector; l += lanesPerVector)
      product *= at(keep + l) == 0.f ? one : at(sums + l);
    double low = 1, high = 1;
    for (long i = 0; i < 8; ++i) {
      low *= product[i];
      high *= product[i + 8];
    }
    total += std::log(low) + std::log(high);
  }
  return total;
}

}  // namespace jml
