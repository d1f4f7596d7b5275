#include "Optimizer.h"

#include <algorithm>

#include "Parallel.h"

namespace {

JML_MULTIVERSION
void sgd_range(float *w, const float *gradient, float *velocity, long count, float rate, float momentum,
               float decay) {
  for (long i = 0; i < count; ++i) {
    const float v = momentum * velocity[i] + (gradient[i] + decay * w[i]);
    velocity[i] = v;
    w[i] -= rate * v;
  }
}

JML_MULTIVERSION
void adamw_range(const jml_adamw &k, float *w, const float *gradient, float *first, float *second, long count) {
  for (long i = 0; i < count; ++i) {
    const float g = gradient[i];
    const float m = k.beta1 * first[i] + k.first_gain * g, v = k.beta2 * second[i] + k.second_gain * g * g;
    first[i] = m;
    second[i] = v;
    w[i] = w[i] * k.keep - k.step * m / (__builtin_sqrtf(v) * k.inverse_root + k.epsilon);
  }
}

/// For the baseline instruction set: a fused multiply-add would leave out a rounding, and the memory is the limit anyhow.
void average_range(float *average, const float *w, long count, float decay) {
  const float rest = 1 - decay;
  for (long i = 0; i < count; ++i) average[i] = decay * average[i] + rest * w[i];
}

}  // namespace

void jml_clear(float *values, long count) {
  jml::parallel_for(count, 32768, [&](long a, long b) { std::fill(values + a, values + b, 0.0f); });
}

void jml_sgd_step(float *w, const float *gradient, float *velocity, long count, float rate, float momentum,
                  float decay) {
  jml::parallel_for(count, 32768, [&](long a, long b) {
    sgd_range(w + a, gradient + a, velocity + a, b - a, rate, momentum, decay);
  });
}

void jml_adamw_step(const jml_adamw *c, float *w, const float *gradient, float *first, float *second, long count) {
  jml::parallel_for(count, 32768, [&](long a, long b) {
    adamw_range(*c, w + a, gradient + a, first + a, second + a, b - a);
  });
}

void jml_average_step(float *average, const float *w, long count, float decay) {
  jml::parallel_for(count, 32768, [&](long a, long b) { average_range(average + a, w + a, b - a, decay); });
}
