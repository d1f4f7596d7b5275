#pragma once
#include "Primitives.h"
#ifdef __cplusplus
extern "C" {
#endif

// Kernels on tokens: [rows, channels] row-major, where rows run over (image, y, x). All sums run in fixed blocks, so
// that bits do not depend on the number of threads.

/// A dense layer. `in_first`: weights are [in, out], otherwise [out, in]. `bias` may be null. `short_products`: operands are
/// rounded to bfloat16 where both channel counts are multiples of 16, on a CPU that has the instructions.
typedef struct {
  long rows, in, out;
  int in_first, short_products;
} jml_dense;

/// y [rows, out] = x [rows, in] * w (+ bias).
void jml_dense_forward(const jml_dense *d, const float *x, const float *w, const float *bias, float *y);
void jml_dense_backward_data(const jml_dense *d, const float *dy, const float *w, float *dx);
/// dw in the layout of w; dbias may be null.
void jml_dense_backward_weights(const jml_dense *d, const float *x, const float *dy, float *dw, float *dbias);
/// Whether its products round their operands.
int jml_dense_rounds(const jml_dense *d);

/// Layer normalisation of each row; saves the row's mean and 1 / standard deviation.
void jml_layer_norm_forward(long rows, long channels, float epsilon, const float *x, const float *scale,
                            const float *shift, float *mean, float *inverse, float *y);
void jml_layer_norm_backward(long rows, long channels, const float *x, const float *scale, const float *mean,
                             const float *inverse, const float *dy, float *dx, float *dscale, float *dshift);

/// y = x * Phi(x) with the normal distribution function Phi.
void jml_gelu_forward(long count, const float *x, float *y);
void jml_gelu_backward(long count, const float *x, const float *dy, float *dx);

/// Tokens seen as images [batch, height, width, channels].
typedef struct {
  long batch, height, width, channels;
} jml_token_map;

/// Depthwise 3x3 convolution, padding 1, with bias. w: [channels, 1, 3, 3].
void jml_token_depthwise_forward(const jml_token_map *m, const float *x, const float *w, const float *bias, float *y);
void jml_token_depthwise_backward_data(const jml_token_map *m, const float *dy, const float *w, float *dx);
void jml_token_depthwise_backward_weights(const jml_token_map *m, const float *x, const float *dy, float *dw,
                                          float *dbias);

/// patches [batch * (height / size) * (width / size), size * size * channels]: what a convolution with kernel = stride =
/// size multiplies. Rows and columns that fill no patch are dropped; their gradient is zero.
void jml_token_patches(const jml_token_map *m, long size, const float *x, float *patches);
void jml_token_patches_backward(const jml_token_map *m, long size, const float *dpatches, float *dx);

/// Copies an activation map of any layout to tokens and back.
void jml_tokens_from_map(const jml_map *map, const float *x, float *tokens);
void jml_map_from_tokens(const jml_map *map, const float *tokens, float *x);

/// y = a + factors[image] * b, with `size` numbers an image. `a` null: y = factors[image] * b.
void jml_add_scaled(long batch, long size, const float *a, const float *b, const float *factors, float *y);

/// Scaled dot-product attention of `queries` tokens over `keys` tokens an image. q, out: [batch, queries, heads * depth];
/// kv: [batch, keys, 2 * heads * depth], all keys before all values.
typedef struct {
  long batch, queries, keys, heads, depth;
} jml_attention;

/// `log_sums` [batch, heads, queries] receives the logarithms of the softmax's denominators.
void jml_attention_forward(const jml_attention *a, const float *q, const float *kv, float *log_sums, float *out);
/// Computes the attention weights again instead of storing them.
void jml_attention_backward(const jml_attention *a, const float *q, const float *kv, const float *log_sums,
                            const float *out, const float *dout, float *dq, float *dkv);

#ifdef __cplusplus
}
#endif
