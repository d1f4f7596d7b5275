#pragma once
#ifdef __cplusplus
extern "C" {
#endif

/// Zeros, by all threads: the system gives memory to whoever writes it first, a page at a time.
void jml_clear(float *values, long count);

/// One pass over flat memory: g += decay * w; v = momentum * v + g; w -= rate * v.
void jml_sgd_step(float *w, const float *gradient, float *velocity, long count, float rate, float momentum,
                  float decay);

/// Coefficients of one AdamW step; `first_gain` = 1 - beta1 and `second_gain` = 1 - beta2, rounded once.
typedef struct {
  float keep, beta1, first_gain, beta2, second_gain, step, inverse_root, epsilon;
} jml_adamw;

/// One pass over flat memory: m = beta1 * m + first_gain * g; v = beta2 * v + second_gain * g * g;
/// w = keep * w - step * m / (sqrt(v) * inverse_root + epsilon).
void jml_adamw_step(const jml_adamw *c, float *w, const float *gradient, float *first, float *second, long count);

/// One pass over flat memory: average = decay * average + (1 - decay) * w, both products rounded before they are added.
void jml_average_step(float *average, const float *w, long count, float decay);

#ifdef __cplusplus
}
#endif
