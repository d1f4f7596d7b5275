#pragma once
#ifdef __cplusplus
extern "C" {
#endif

/// An activation [batch, channels, height, width]; `block` is the channel block of the layout, 0 = plain NCHW.
typedef struct {
  int batch, channels, height, width, block;
} jml_map;

enum { jml_activation_none = 0, jml_activation_relu = 1, jml_activation_relu6 = 2 };
enum { jml_pool_max = 0, jml_pool_average_include_padding = 1, jml_pool_average_exclude_padding = 2 };

// Every function returns 0, or 1 with the reason in jml_last_error().

/// Copies between layouts; both maps describe the same logical tensor.
int jml_convert(const jml_map *from, const float *source, const jml_map *to, float *target);

/// Batch normalisation of a blocked map with batch statistics, which are written to mean and variance (biased), then the
/// activation.
int jml_norm_forward(const jml_map *map, float epsilon, int activation, const float *x, const float *scale,
                     const float *shift, float *mean, float *variance, float *y);
/// The same with given statistics (evaluation).
int jml_norm_inference(const jml_map *map, float epsilon, int activation, const float *x, const float *scale,
                       const float *shift, const float *mean, const float *variance, float *y);
/// dy: gradient by the activation's output; in place on dy is allowed.
int jml_norm_backward(const jml_map *map, float epsilon, int activation, const float *x, const float *scale,
                      const float *shift, const float *mean, const float *variance, const float *dy, float *dx,
                      float *dscale, float *dshift);

/// What a convolution does to its own output while that is in the cache: y = activation((y - mean) / sqrt(variance +
/// epsilon) * scale + shift), each of [channels], as jml_norm_inference; then, unless `residual` is null, y =
/// residual_activation(y + residual), as jml_add. `residual` lies like y, and apart from it. The bits are those of the
/// three calls one after the other.
typedef struct {
  const float *scale, *shift, *mean, *variance;
  float epsilon;
  int activation;
  const float *residual;
  int residual_activation;
} jml_epilogue;
/// The same in place on a blocked map, after a convolution that has no epilogue of its own.
int jml_epilogue_apply(const jml_map *map, const jml_epilogue *epilogue, float *y);
/// The same in parts, for a batch whose images lie in several processes: each measures its own images, and goes on when it
/// has the numbers of all of them, image by image in the order of the batch. The bits are those of the functions above
/// on the whole batch.

/// Doubles that one image's moments, or sums, are.
long jml_norm_row(const jml_map *map);
/// The moments of each of the map's images.
int jml_norm_moments(const jml_map *map, const float *x, double *moments);
/// Statistics from the moments of `images` images; then jml_norm_inference.
int jml_norm_statistics(const jml_map *map, long images, const double *moments, float *mean, float *variance);
/// The sums that the gradient needs, of each of the map's images.
int jml_norm_backward_sums(const jml_map *map, float epsilon, int activation, const float *x, const float *scale,
                           const float *shift, const float *mean, const float *variance, const float *dy,
                           double *sums);
/// The gradient from the sums of `images` images, of which the map's are those from `first` on; dscale and dshift are the
/// share of the map's images.
int jml_norm_backward_finish(const jml_map *map, float epsilon, int activation, const float *x, const float *scale,
                             const float *shift, const float *mean, const float *variance, const float *dy,
                             long images, long first, const double *sums, float *dx, float *dscale, float *dshift);

/// y = activation(x); in place is allowed.
int jml_activation_forward(const jml_map *map, int activation, const float *x, float *y);
/// dx = dy where the activation's output y is not clamped, else 0; in place on dy is allowed.
int jml_activation_backward(const jml_map *map, int activation, const float *y, const float *dy, float *dx);
/// y = a + b, then the activation.
int jml_add(const jml_map *map, int activation, const float *a, const float *b, float *y);

/// y = a + b of `count` numbers, whatever they are.
void jml_sum(const float *a, const float *b, float *y, long count);

/// Pooling windows of kernel x kernel; `padding` before each axis, what is missing after it is implied by the sizes.
typedef struct {
  jml_map in, out;
  int kind, kernel_height, kernel_width, stride_height, stride_width, padding;
} jml_pooling;
unsigned long jml_pool_workspace_bytes(const jml_pooling *p);
int jml_pool_forward(const jml_pooling *p, int training, const float *x, float *y, void *workspace);
int jml_pool_backward(const jml_pooling *p, const float *dy, const void *workspace, float *dx);

/// Bilinear resize, half-pixel centres (align_corners = false). Both maps lie alike.
void jml_resize_forward(const jml_map *in, const jml_map *out, const float *x, float *y);
void jml_resize_backward(const jml_map *in, const jml_map *out, const float *dy, float *dx);
/// y += what jml_resize_forward gives, bit for bit; both maps blocked alike.
void jml_resize_add(const jml_map *in, const jml_map *out, const float *x, float *y);

/// Softmax over channels.
int jml_softmax_forward(const jml_map *map, const float *x, float *y);
int jml_softmax_backward(const jml_map *map, const float *y, const float *dy, float *dx);

/// Concatenation along channels, one part at a time: copies `part` to, or with `extract` from, the channels of `whole`
/// that begin at `first`.
/// Blocked parts must start on a block boundary.
int jml_concat_part(const jml_map *whole, float *all, const jml_map *part, float *piece, int first, int extract);

/// Multiplies every (image, channel) plane by factors[batch * channels] (channel dropout, forward and backward).
int jml_scale_channels(const jml_map *map, const float *factors, const float *x, float *y);

/// Adaptive average pooling to out->height x out->width bins that may overlap (as torch), and its gradient.
int jml_adaptive_pool_forward(const jml_map *in, const jml_map *out, const float *x, float *y);
int jml_adaptive_pool_backward(const jml_map *in, const jml_map *out, const float *dy, float *dx);

/// y of a depthwise convolution with stride 1, w [channels, 1, kernel, kernel], any dilation, blocked layout; with every
/// kernel `turned` by 180 degrees it is the data gradient. `epilogue` may be null.
int jml_depthwise(const jml_map *map, int kernel, int dilation, int padding, int turned, const float *x,
                  const float *w, const jml_epilogue *epilogue, float *y);

/// dw [channels, 1, kernel, kernel] of a stride-1 depthwise convolution with any dilation, blocked layout.
int jml_depthwise_backward_weights(const jml_map *map, int kernel, int dilation, int padding, const float *x,
                                   const float *dy, float *dw);

const char *jml_dnnl_version(void);

#ifdef __cplusplus
}
#endif
