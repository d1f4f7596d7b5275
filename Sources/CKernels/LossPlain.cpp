#include "LossPlain.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "Parallel.h"

// Straightforward, in double where it costs nothing to be: what the fused head is compared with.

namespace {

constexpr long block = 1024;

/// Runs body(image, first pixel, last pixel) on blocks of pixels; index: the block's.
template <typename Body>
void over_blocks(long batch, long pixels, const Body &body) {
  const long blocks = (pixels + block - 1) / block;
  jml::parallel_for(batch * blocks, 1, [&](long begin, long end) {
    for (long unit = begin; unit < end; ++unit) {
      const long first = unit % blocks * block;
      body(unit, unit / blocks, first, std::min(pixels, first + block));
    }
  });
}

/// p[c] = softmax, for one pixel; returns log of the sum of exp(z / temperature).
double softmax(const float *z, long classes, long pixels, double temperature, double *p) {
  double greatest = z[0] / temperature, total = 0;
  for (long c = 1; c < classes; ++c) greatest = std::max(greatest, z[c * pixels] / temperature);
  for (long c = 0; c < classes; ++c) total += p[c] = std::exp(z[c * pixels] / temperature - greatest);
  for (long c = 0; c < classes; ++c) p[c] /= total;
  return greatest + std::log(total);
}

}  // namespace

void jml_plain_softmax(
    const float *logits, long batch, long classes, long pixels, float temperature, float *probabilities) {
  over_blocks(batch, pixels, [&](long, long image, long first, long last) {
    std::vector<double> p(classes);
    for (long i = first; i < last; ++i) {
      const long start = image * classes * pixels + i;
      softmax(logits + start, classes, pixels, temperature, p.data());
      for (long c = 0; c < classes; ++c) probabilities[start + c * pixels] = float(p[c]);
    }
  });
}

void jml_plain_totals(
    const float *p, const float *y, const uint8_t *keep, long batch, long classes, long pixels,
    double *totals) {
  jml::parallel_for(batch * classes, 1, [&](long begin, long end) {
    for (long plane = begin; plane < end; ++plane) {
      const float *x = p + plane * pixels, *target = y + plane * pixels;
      const uint8_t *kept = keep + plane / classes * pixels;
      double total[jml_plain_total_count] = {};
      for (long i = 0; i < pixels; ++i) {
        if (!kept[i]) continue;
        total[jml_plain_probability] += x[i];
        total[jml_plain_target] += target[i];
        total[jml_plain_distance] += std::fabs(x[i] - target[i]);
        total[jml_plain_max_probability] = std::max(total[jml_plain_max_probability], double(x[i]));
        total[jml_plain_max_target] = std::max(total[jml_plain_max_target], double(target[i]));
        total[jml_plain_max_sum] = std::max(total[jml_plain_max_sum], double(x[i] + target[i]));
        total[jml_plain_product] += double(x[i]) * target[i];
        total[jml_plain_square] += double(x[i]) * x[i];
        total[jml_plain_target_square] += double(target[i]) * target[i];
      }
      std::copy(total, total + jml_plain_total_count, totals + plane * jml_plain_total_count);
    }
  });
}

void jml_plain_present(
    const float *y, const uint8_t *keep, long batch, long classes, long pixels, uint8_t *present) {
  std::fill(present, present + batch * classes, uint8_t(0));
  jml::parallel_for(batch, 1, [&](long begin, long end) {
    for (long image = begin; image < end; ++image)
      for (long i = 0; i < pixels; ++i) {
        if (!keep[image * pixels + i]) continue;
        const float *target = y + image * classes * pixels + i;
        long best = 0;
        for (long c = 1; c < classes; ++c)
          if (target[c * pixels] > target[best * pixels]) best = c;
        present[image * classes + best] = 1;
      }
  });
}

void jml_plain_gradient(
    const float *p, const float *y, const uint8_t *keep, long batch, long classes, long pixels,
    const double *coefficients, float *gradient) {
  over_blocks(batch, pixels, [&](long, long image, long first, long last) {
    std::vector<double> slope(classes);
    const double *coefficient = coefficients + image * classes * 4;
    for (long i = first; i < last; ++i) {
      const long start = image * classes * pixels + i;
      const bool kept = keep[image * pixels + i];
      double mean = 0;
      for (long c = 0; c < classes; ++c) {
        const double x = p[start + c * pixels], target = y[start + c * pixels];
        const double *by = coefficient + c * 4;
        slope[c] = by[0] + by[1] * ((x > target) - (x < target)) + by[2] * target + 2 * by[3] * x;
        mean += x * slope[c];
      }
      for (long c = 0; c < classes; ++c)
        gradient[start + c * pixels] = kept ? float(p[start + c * pixels] * (slope[c] - mean)) : 0.f;
    }
  });
}

double jml_plain_cross_entropy(
    const float *logits, const float *y, const uint8_t *keep, long batch, long classes, long pixels,
    float temperature, int entropy, double scale, float *gradient) {
  std::vector<double> partials(batch * ((pixels + block - 1) / block), 0.0);
  over_blocks(batch, pixels, [&](long unit, long image, long first, long last) {
    std::vector<double> p(classes);
    for (long i = first; i < last; ++i) {
      const long start = image * classes * pixels + i;
      const bool kept = keep[image * pixels + i];
      const double normaliser = softmax(logits + start, classes, pixels, temperature, p.data());
      double mass = 0;
      for (long c = 0; c < classes; ++c) mass += y[start + c * pixels];
      for (long c = 0; c < classes; ++c) {
        const double target = y[start + c * pixels];
        gradient[start + c * pixels] = kept ? float(scale * (p[c] * mass - target) / temperature) : 0.f;
        if (!kept || target <= 0) continue;
        const double logTarget = entropy ? std::log(target) : 0.0;
        partials[unit] += target * (logTarget - logits[start + c * pixels] / temperature + normaliser);
      }
    }
  });
  double total = 0;
  for (double partial : partials) total += partial;
  return total;
}
