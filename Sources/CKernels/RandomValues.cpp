// Random values for whole tensors. Philox is counter based, so that any part of a stream can be drawn on its own: threads
// share a tensor, and vectors draw several blocks at once.
//
// Values have to be those of the C library's log, sin and cos in double, rounded to float. Ours are less exact, and in
// vectors; but nearly always everything within reach of their error rounds to the same float, and then it is the library's too.
// The few other values, one of 2^18, are the library's own.
#include "RandomValues.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "Scratch.hpp"

namespace {

#define ALWAYS_INLINE inline __attribute__((always_inline))

/// Blocks drawn at once.
constexpr long batch = 128;
/// Beyond the errors of log, sin and cos here (2^-49) and in the C library (2^-52), as a share of the largest value that the
/// same radius, or the same bound, allows.
constexpr double margin = 0x1p-44;
/// What is smaller may be zero, whose sign no interval tells.
constexpr double tiny = 0x1p-100;

constexpr double unit = 0x1p-53, two_pi = 6.283185307179586;

/// 53 random bits of each half of a block.
ALWAYS_INLINE void philox(const jml_random_stream &stream, uint64_t block, uint64_t *first, uint64_t *second) {
  constexpr uint64_t low = 0xFFFFFFFF;
  const uint64_t position = ((static_cast<uint64_t>(stream.counter[1]) << 32) | stream.counter[0]) + block;
  uint64_t c0 = position & low, c1 = position >> 32, c2 = stream.counter[2], c3 = stream.counter[3];
  uint64_t k0 = stream.key[0], k1 = stream.key[1];
  for (int round = 0; round < 10; ++round) {
    // What lies above their 32 bits is of no value: a product of vectors reads none of it.
    const uint64_t p0 = 0xD2511F53 * (c0 & low), p1 = 0xCD9E8D57 * (c2 & low);
    c0 = (p1 >> 32) ^ c1 ^ k0;
    c1 = p1;
    c2 = (p0 >> 32) ^ c3 ^ k1;
    c3 = p0;
    k0 = (k0 + 0x9E3779B9) & low;
    k1 = (k1 + 0xBB67AE85) & low;
  }
  *first = (c1 << 32 | (c0 & low)) >> 11;
  *second = (c3 << 32 | (c2 & low)) >> 11;
}

/// The natural logarithm of a number in [2^-53, 1].
ALWAYS_INLINE double fast_log(double x) {
  // x = m * 2^exponent with m in [sqrt(1/2), sqrt(2)): near 1 nothing cancels.
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  constexpr uint64_t root_half = 0x3FE6A09E667F3BCD;
  const uint64_t shifted = bits - root_half + (1023ull << 52);
  const uint64_t mantissa = (shifted & 0xFFFFFFFFFFFFFull) + root_half;
  // The biased exponent beside 2^52 is a number that needs no conversion.
  const uint64_t biased = (shifted >> 52) | 0x4330000000000000ull;
  double m, exponent;
  std::memcpy(&m, &mantissa, sizeof m);
  std::memcpy(&exponent, &biased, sizeof exponent);
  exponent -= 0x1p52 + 1023;
  const double s = (m - 1) / (m + 1), z = s * s;
  double p = 1.0 / 23;
  p = p * z + 1.0 / 21;
  p = p * z + 1.0 / 19;
  p = p * z + 1.0 / 17;
  p = p * z + 1.0 / 15;
  p = p * z + 1.0 / 13;
  p = p * z + 1.0 / 11;
  p = p * z + 1.0 / 9;
  p = p * z + 1.0 / 7;
  p = p * z + 1.0 / 5;
  p = p * z + 1.0 / 3;
  return exponent * 0.6931471805599453 + (2 * s + 2 * s * (z * p));
}

/// Of an angle in [0, 2 pi].
ALWAYS_INLINE void fast_sincos(double angle, double *sine, double *cosine) {
  // The nearest multiple of pi / 2, and what is left in two steps, the first of which is exact.
  constexpr double whole = 0x1.8p52;
  const double shifted = angle * 0.6366197723675814 + whole, turns = shifted - whole;
  constexpr double half_pi = 0x1.921fb544p+0, rest = 0x1.0b4611a626331p-34;
  const double r = (angle - turns * half_pi) - turns * rest, z = r * r;
  double s = -1.0 / 1307674368000;
  s = s * z + 1.0 / 6227020800;
  s = s * z - 1.0 / 39916800;
  s = s * z + 1.0 / 362880;
  s = s * z - 1.0 / 5040;
  s = s * z + 1.0 / 120;
  s = s * z - 1.0 / 6;
  s = s * z * r + r;
  double c = 1.0 / 20922789888000;
  c = c * z - 1.0 / 87178291200;
  c = c * z + 1.0 / 479001600;
  c = c * z - 1.0 / 3628800;
  c = c * z + 1.0 / 40320;
  c = c * z - 1.0 / 720;
  c = c * z + 1.0 / 24;
  c = c * z - 1.0 / 2;
  c = c * z + 1;
  uint64_t quarter;
  std::memcpy(&quarter, &shifted, sizeof quarter);
  const bool swapped = (quarter & 1) != 0;
  const double a = swapped ? c : s, b = swapped ? s : c;
  *sine = (quarter & 2) != 0 ? -a : a;
  *cosine = ((quarter + 1) & 2) != 0 ? -b : b;
}

/// Whether what is at most `reach` away rounds to one float.
ALWAYS_INLINE uint64_t in_doubt(double value, double reach) {
  return static_cast<float>(value - reach) != static_cast<float>(value + reach);
}

/// `count` blocks from `block` on, at most `batch`, two values each.
/// - Returns: whether any value is in doubt; `doubts` has which blocks.
JML_MULTIVERSION
bool draw_uniform(const jml_random_stream &stream, uint64_t block, long count, double bound, float *values,
                  uint64_t *doubts) {
  const double width = bound + bound, reach = bound * margin;
  uint64_t any = 0;
  for (long i = 0; i < count; ++i) {
    uint64_t first, second;
    philox(stream, block + static_cast<uint64_t>(i), &first, &second);
    const double a = width * (static_cast<double>(first) * unit) - bound;
    const double b = width * (static_cast<double>(second) * unit) - bound;
    values[2 * i] = static_cast<float>(a);
    values[2 * i + 1] = static_cast<float>(b);
    doubts[i] = in_doubt(a, reach) | in_doubt(b, reach);
    any |= doubts[i];
  }
  return any != 0;
}

JML_MULTIVERSION
bool draw_normal(const jml_random_stream &stream, uint64_t block, long count, double deviation, float *values,
                 uint64_t *doubts) {
  uint64_t any = 0, first[batch], second[batch];
  // Rounds of Philox wait for one another; in a loop of their own several blocks are under way.
  for (long i = 0; i < count; ++i) philox(stream, block + static_cast<uint64_t>(i), &first[i], &second[i]);
  for (long i = 0; i < count; ++i) {
    const double radius = deviation * __builtin_sqrt(-2 * fast_log(1 - static_cast<double>(first[i]) * unit));
    double sine, cosine;
    fast_sincos(two_pi * (static_cast<double>(second[i]) * unit), &sine, &cosine);
    const double a = radius * cosine, b = radius * sine, reach = radius * margin;
    values[2 * i] = static_cast<float>(a);
    values[2 * i + 1] = static_cast<float>(b);
    // Written so that a radius that is no number is in doubt too.
    doubts[i] = in_doubt(a, reach) | in_doubt(b, reach) | static_cast<uint64_t>(!(radius >= tiny));
    any |= doubts[i];
  }
  return any != 0;
}

/// The two values of one block by the definition, for the baseline instruction set.
void draw_exactly(const jml_random_stream &stream, uint64_t block, jml_distribution distribution, double scale,
                  float *values) {
  uint64_t bits[2];
  philox(stream, block, &bits[0], &bits[1]);
  const double first = static_cast<double>(bits[0]) * unit, second = static_cast<double>(bits[1]) * unit;
  if (distribution == jml_uniform) {
    values[0] = static_cast<float>((scale + scale) * first - scale);
    values[1] = static_cast<float>((scale + scale) * second - scale);
    return;
  }
  const double radius = scale * std::sqrt(-2 * std::log(1 - first)), angle = two_pi * second;
  values[0] = static_cast<float>(radius * std::cos(angle));
  values[1] = static_cast<float>(radius * std::sin(angle));
}

/// Values of a stream.
struct Drawing {
  const jml_random_stream &stream;
  const jml_distribution distribution;
  const double scale;

  /// Values first ..< first + count of the stream.
  void draw(long first, long count, float *values) const {
    uint64_t block = static_cast<uint64_t>(first) / 2;
    if (first % 2 != 0 && count > 0) {
      float pair[2];
      draw_exactly(stream, block, distribution, scale, pair);
      *values++ = pair[1];
      --count;
      ++block;
    }
    long done = 0;
    for (; done + 1 < count; done += 2 * batch) {
      blocks(block + static_cast<uint64_t>(done / 2), std::min(batch, (count - done) / 2), values + done);
    }
    if (count % 2 != 0) {
      float pair[2];
      draw_exactly(stream, block + static_cast<uint64_t>(count / 2), distribution, scale, pair);
      values[count - 1] = pair[0];
    }
  }

 private:
  void blocks(uint64_t block, long count, float *values) const {
    uint64_t doubts[batch];
    const bool any = distribution == jml_normal
                         ? draw_normal(stream, block, count, scale, values, doubts)
                         : draw_uniform(stream, block, count, scale, values, doubts);
    if (!any) return;
    for (long i = 0; i < count; ++i) {
      if (doubts[i] != 0) {
        draw_exactly(stream, block + static_cast<uint64_t>(i), distribution, scale, values + 2 * i);
      }
    }
  }
};

/// Outputs and inputs of a tile that is drawn in the cache and stored transposed.
constexpr long tile_outputs = 16, tile_inputs = 64;

/// Stores `width` inputs of one tap of a tile, whose rows are outputs.
ALWAYS_INLINE void store(const float *tile, long rows, long columns, long width, long taps, float *place, long pitch) {
  for (long input = 0; input < width; ++input) {
    for (long row = 0; row < rows; ++row) place[input * pitch + row] = tile[row * columns + input * taps];
  }
}

}  // namespace

void jml_random_values(const jml_random_stream *stream, jml_distribution distribution, double scale, long outputs,
                       long inputs, long taps, float *values) {
  const Drawing drawing{*stream, distribution, scale};
  constexpr long numbers_worth_a_thread = 16384;
  if (inputs * taps == 1) {
    jml::parallel_for(outputs, numbers_worth_a_thread, [&](long from, long to) {
      drawing.draw(from, to - from, values + from);
    });
    return;
  }
  const long panels = (outputs + tile_outputs - 1) / tile_outputs;
  const long grain = std::max(1L, numbers_worth_a_thread / (tile_outputs * inputs * taps));
  jml::parallel_for(panels, grain, [&](long from, long to) {
    auto *tile = jml::scratch<float>(jml::source_slot, tile_outputs * tile_inputs * taps);
    for (long panel = from; panel < to; ++panel) {
      const long output = panel * tile_outputs, rows = std::min(tile_outputs, outputs - output);
      for (long input = 0; input < inputs; input += tile_inputs) {
        const long width = std::min(tile_inputs, inputs - input), columns = width * taps;
        for (long row = 0; row < rows; ++row) {
          drawing.draw(((output + row) * inputs + input) * taps, columns, tile + row * columns);
        }
        for (long tap = 0; tap < taps; ++tap) {
          float *place = values + (tap * inputs + input) * outputs + output;
          if (rows == tile_outputs) {
            store(tile + tap, tile_outputs, columns, width, taps, place, outputs);
          } else {
            store(tile + tap, rows, columns, width, taps, place, outputs);
          }
        }
      }
    }
  });
}
