#pragma once
#ifdef __cplusplus
extern "C" {
#endif

/// Geometry of one 2-d convolution. Activations are [batch, channels, height, width]; `in_block` / `out_block` is the
/// channel block of the layout (0 = plain NCHW). Weights are [kernel, kernel, in, out] (HWIO) when groups == 1 and
/// [out, in / groups, kernel, kernel] (OIHW) otherwise. Padding and dilation are in pixels, 1 = not dilated.
/// `short_products`: products round their operands to bfloat16 and sum in float32, in every algorithm but the direct one.
typedef struct {
  int batch, in_channels, in_height, in_width, in_block;
  int out_channels, out_height, out_width, out_block;
  int kernel, stride, padding, dilation, groups;
  int short_products;
} jml_convolution;

/// Text of the last failure on this thread.
const char *jml_last_error(void);

/// Channel block that the convolution kernels prefer on this CPU: 16 with AVX-512, otherwise 8.
int jml_preferred_block(void);

/// Whether this CPU multiplies in bfloat16 (AVX-512 BF16).
int jml_has_short_products(void);

// Every function returns 0, or 1 with the reason in jml_last_error().

/// y = x * w (+ bias, may be null), through the library's direct kernels.
int jml_direct_forward(const jml_convolution *c, const float *x, const float *w, const float *bias, float *y);
/// dx from dy.
int jml_direct_backward_data(const jml_convolution *c, const float *dy, const float *w, float *dx);
/// dw (and dbias, may be null) from x and dy.
int jml_direct_backward_weights(
    const jml_convolution *c, const float *x, const float *dy, float *dw, float *dbias);

/// Scratch that lives between calls, for the calling thread; at least `bytes`, aligned to 64.
void *jml_scratch(int slot, unsigned long bytes);

/// Frees the calling thread's scratch.
void jml_release_scratch(void);

#ifdef __cplusplus
}
#endif
