#include "Optimizer.h"

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
void adamw_range(float *w, const float *gradient, float *first, float *second, long count, float keep, float beta1,
                 float beta2, float step, float inverse_root, float epsilon) {
  for (long i = 0; i < count; ++i) {
    const float g = gradient[i];
    const float m = beta1 * first[i] + (1 - beta1) * g, v = beta2 * second[i] + (1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    w[i] = w[i] * keep - step * m / (__builtin_sqrtf(v) * inverse_root + epsilon);
  }
}

}  // namespace

void jml_sgd_step(float *w, const float *gradient, float *velocity, long count, float rate, float momentum,
                  float decay) {
  jml::parallel_for(count, 32768, [&](long a, long b) {
    sgd_range(w + a, gradient + a, velocity + a, b - a, rate, momentum, decay);
  });
}

void jml_adamw_step(float *w, const float *gradient, float *first, float *second, long count, float keep, float beta1,
                    float beta2, float step, float inverse_root, float epsilon) {
  jml::parallel_for(count, 32768, [&](long a, long b) {
    adamw_range(w + a, gradient + a, first + a, second + a, b - a, keep, beta1, beta2, step, inverse_root, epsilon);
  });
}
