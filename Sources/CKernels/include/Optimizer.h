#pragma once
#ifdef __cplusplus
extern "C" {
#endif

/// One pass over flat memory: g += decay * w; v = momentum * v + g; w -= rate * v.
void jml_sgd_step(float *w, const float *gradient, float *velocity, long count, float rate, float momentum,
                  float decay);

/// One pass over flat memory: w *= keep; m = beta1 * m + (1 - beta1) * g; v = beta2 * v + (1 - beta2) * g * g;
/// w -= step * m / (sqrt(v) * inverse_root + epsilon).
void jml_adamw_step(float *w, const float *gradient, float *first, float *second, long count, float keep, float beta1,
                    float beta2, float step, float inverse_root, float epsilon);

#ifdef __cplusplus
}
#endif
