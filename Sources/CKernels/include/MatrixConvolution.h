#pragma once
#include "Convolution.h"
#include "Primitives.h"
#ifdef __cplusplus
extern "C" {
#endif

// Convolutions as matrix products, where not said otherwise for odd kernels with stride 1, groups 1 and padding
// dilation * (kernel - 1) / 2, which keep height and width. Weights are HWIO. Both layouts must be blocked alike.
// `epilogue`, of y, may be null. Each returns 0, or 1 with the reason in jml_last_error().

/// Winograd (Lavin and Gray, CVPR 2016), by default F(4x4, 3x3): 36 products instead of 144 for each 4x4 patch of
/// outputs. A dilated convolution runs on the d * d interleaved sub-images, which are gathered and scattered in place;
/// where those are small, tiles of 2 outputs an axis need fewer products.
int jml_winograd_forward(
    const jml_convolution *c, const float *x, const float *w, const jml_epilogue *epilogue, float *y);
int jml_winograd_backward_data(const jml_convolution *c, const float *dy, const float *w, float *dx);
int jml_winograd_backward_weights(const jml_convolution *c, const float *x, const float *dy, float *dw);

/// One product per kernel tap over the pixels for which the tap sees the image. With dilation 12 to 36 on a map
/// of 32 x 64 pixels, 35 to 79 % of the direct products would multiply padding. A 1x1 kernel is a single tap.
int jml_taps_forward(
    const jml_convolution *c, const float *x, const float *w, const jml_epilogue *epilogue, float *y);
int jml_taps_backward_data(const jml_convolution *c, const float *dy, const float *w, float *dx);
int jml_taps_backward_weights(const jml_convolution *c, const float *x, const float *dy, float *dw);

/// One product on gathered patches, of any odd kernel, stride, dilation and padding, in bfloat16 only (`short_products`), for
/// channels in whole blocks of 16. `bias` and `dbias` may be null.
int jml_patches_forward(const jml_convolution *c, const float *x, const float *w, const float *bias,
                        const jml_epilogue *epilogue, float *y);
int jml_patches_backward_data(const jml_convolution *c, const float *dy, const float *w, float *dx);
int jml_patches_backward_weights(const jml_convolution *c, const float *x, const float *dy, float *dw, float *dbias);

/// Tiles that Winograd needs for this geometry, and products for each of them and each pair of channels.
long jml_winograd_tiles(const jml_convolution *c);
int jml_winograd_positions(const jml_convolution *c);
/// Pixels summed over taps for which the tap sees the image.
long jml_taps_pixels(const jml_convolution *c);

#ifdef __cplusplus
}
#endif
