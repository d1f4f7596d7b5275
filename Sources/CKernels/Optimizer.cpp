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

}  // namespace

void jml_sgd_step(float *w, const float *gradient, float *velocity, long count, float rate, float momentum,
                  float decay) {
  jml::parallel_for(count, 32768, [&](long a, long b) {
    sgd_range(w + a, gradient + a, velocity + a, b - a, rate, momentum, decay);
  });
}
