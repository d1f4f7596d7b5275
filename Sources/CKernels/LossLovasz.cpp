#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "LossPlain.h"
#include "Parallel.h"

namespace {

/// One pixel's error and where it is.
struct Error {
  uint32_t key;    ///< smaller for a larger error
  uint32_t place;  ///< image * pixels + pixel
};

/// The bits of a float that is not negative are in the order of its value.
inline uint32_t descending(float error) {
  uint32_t bits;
  memcpy(&bits, &error, 4);
  return ~bits;
}

/// Stable, by key: three passes of 11 bits.
void radix_sort(std::vector<Error> &errors, std::vector<Error> &spare) {
  spare.resize(errors.size());
  for (int shift = 0; shift < 33; shift += 11) {
    size_t starts[2048] = {};
    for (const Error &error : errors) ++starts[error.key >> shift & 2047];
    size_t sum = 0;
    for (size_t &start : starts) {
      const size_t count = start;
      start = sum;
      sum += count;
    }
    for (const Error &error : errors) spare[starts[error.key >> shift & 2047]++] = error;
    errors.swap(spare);
  }
}

}  // namespace

double jml_plain_lovasz(
    const float *p, const float *y, const uint8_t *keep, long batch, long classes, long pixels,
    const double *weights, float *slopes) {
  std::vector<double> values(classes, 0.0);
  std::fill(slopes, slopes + batch * classes * pixels, 0.f);
  jml::parallel_for(classes, 1, [&](long begin, long end) {
    std::vector<Error> errors, spare;
    for (long c = begin; c < end; ++c) {
      if (weights[c] == 0) continue;
      errors.clear();
      double foreground = 0;
      for (long image = 0; image < batch; ++image) {
        const long start = (image * classes + c) * pixels;
        for (long i = 0; i < pixels; ++i) {
          if (!keep[image * pixels + i]) continue;
          foreground += y[start + i];
          errors.push_back({descending(std::fabs(y[start + i] - p[start + i])), uint32_t(image * pixels + i)});
        }
      }
      radix_sort(errors, spare);
      double hits = 0, misses = 0, last = 0, value = 0;
      for (const Error &error : errors) {
        const long image = error.place / pixels;
        const long at = (image * classes + c) * pixels + error.place % pixels;
        const bool isForeground = y[at] > 0.5f;
        (isForeground ? hits : misses) += 1;
        const double jaccard = 1 - (foreground - hits) / (foreground + misses);
        const double slope = jaccard - last;
        last = jaccard;
        value += std::fabs(double(y[at]) - p[at]) * slope;
        slopes[at] = float(weights[c] * (isForeground ? -slope : slope));
      }
      values[c] = weights[c] * value;
    }
  });
  double total = 0;
  for (double value : values) total += value;
  return total;
}

void jml_plain_chain(
    const float *p, const float *slopes, const uint8_t *keep, long batch, long classes, long pixels,
    float *gradient) {
  jml::parallel_for(batch * pixels, 1024, [&](long begin, long end) {
    for (long place = begin; place < end; ++place) {
      const long start = place / pixels * classes * pixels + place % pixels;
      double mean = 0;
      for (long c = 0; c < classes; ++c) mean += double(p[start + c * pixels]) * slopes[start + c * pixels];
      for (long c = 0; c < classes; ++c) {
        const long at = start + c * pixels;
        gradient[at] = keep[place] ? float(p[at] * (slopes[at] - mean)) : 0.f;
      }
    }
  });
}
