#pragma once
#ifdef __cplusplus
extern "C" {
#endif

/// One pass over flat memory: g += decay * w; v = momentum * v + g; w -= rate * v.
void jml_sgd_step(float *w, const float *gradient, float *velocity, long count, float rate, float momentum,
                  float decay);

#ifdef __cplusplus
}
#endif
