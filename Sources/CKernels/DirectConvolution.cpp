#include <cstring>

#include "Dnnl.hpp"
#include "PlainGradients.hpp"
#include "Scratch.hpp"

using namespace dnnl;
using jml::Key;

namespace {

Key key_of(const jml_convolution &c, long direction, long bias) {
  return {100 + direction, bias, c.batch, c.in_channels, c.in_height, c.in_width, c.in_block, c.out_channels,
          c.out_height, c.out_width, c.out_block, c.kernel, c.stride, c.padding, c.dilation, c.groups};
}

/// The convolution as the library is told of it. Its kernels for blocks of 8 take fewer channels than a block from plain maps only
/// and leave blocked ones to loops that are a hundred times slower, so that the zeros which fill a block are named channels.
jml_convolution described(const jml_convolution &c) {
  jml_convolution full = c;
  if (c.groups == 1 && c.in_block == 8 && c.in_channels < c.in_block) full.in_channels = c.in_block;
  return full;
}

struct Geometry {
  memory::desc source, target, weights_any, weights_user, bias;
  memory::dims strides, dilates, padding, padding_end;
  explicit Geometry(const jml_convolution &c, bool with_bias)
      : source(jml::map_desc(c.batch, c.in_channels, c.in_height, c.in_width, c.in_block)),
        target(jml::map_desc(c.batch, c.out_channels, c.out_height, c.out_width, c.out_block)),
        strides{c.stride, c.stride},
        dilates{c.dilation - 1, c.dilation - 1},
        padding{c.padding, c.padding} {
    using tag = memory::format_tag;
    const auto f32 = memory::data_type::f32;
    memory::dims dims = c.groups == 1
        ? memory::dims{c.out_channels, c.in_channels, c.kernel, c.kernel}
        : memory::dims{c.groups, c.out_channels / c.groups, c.in_channels / c.groups, c.kernel, c.kernel};
    weights_any = {dims, f32, tag::any};
    weights_user = {dims, f32, c.groups == 1 ? tag::hwio : tag::goihw};
    if (with_bias) bias = {{c.out_channels}, f32, tag::a};
    // The far side gets what the output size asks for; with an even input and stride 2 that is less than the near.
    long extent = (long)c.dilation * (c.kernel - 1) + 1;
    padding_end = {(long)(c.out_height - 1) * c.stride + extent - c.in_height - c.padding,
                   (long)(c.out_width - 1) * c.stride + extent - c.in_width - c.padding};
  }
};

convolution_forward::primitive_desc forward_desc(const jml_convolution &c, bool with_bias) {
  Geometry g(c, with_bias);
  const auto direct = algorithm::convolution_direct;
  convolution_forward::desc desc = with_bias
      ? convolution_forward::desc(prop_kind::forward_training, direct, g.source, g.weights_any, g.bias, g.target,
                                  g.strides, g.dilates, g.padding, g.padding_end)
      : convolution_forward::desc(prop_kind::forward_training, direct, g.source, g.weights_any, g.target,
                                  g.strides, g.dilates, g.padding, g.padding_end);
  return {desc, jml::user_scratchpad(), jml::engine()};
}

const jml::Compiled &compiled(const jml_convolution &c, int direction, bool with_bias) {
  return jml::cached(key_of(c, direction, with_bias), [&]() -> jml::Compiled {
    Geometry g(c, with_bias);
    const auto direct = algorithm::convolution_direct;
    auto forward = forward_desc(c, with_bias && direction == 0);
    if (direction == 0)
      return {convolution_forward(forward), forward.scratchpad_desc(),
              forward.weights_desc(), {}};
    if (direction == 1) {
      convolution_backward_data::primitive_desc pd(
          {direct, g.source, g.weights_any, g.target, g.strides, g.dilates, g.padding, g.padding_end},
          jml::user_scratchpad(), jml::engine(), forward);
      return {convolution_backward_data(pd), pd.scratchpad_desc(), pd.weights_desc(), {}};
    }
    convolution_backward_weights::desc desc = with_bias
        ? convolution_backward_weights::desc(direct, g.source, g.weights_any, g.bias, g.target, g.strides,
                                             g.dilates, g.padding, g.padding_end)
        : convolution_backward_weights::desc(direct, g.source, g.weights_any, g.target, g.strides, g.dilates,
                                             g.padding, g.padding_end);
    convolution_backward_weights::primitive_desc pd(desc, jml::user_scratchpad(), jml::engine(), forward);
    return {convolution_backward_weights(pd), pd.scratchpad_desc(), pd.diff_weights_desc(), {},
            std::strncmp(pd.impl_info_str(), "ref", 3) != 0};
  });
}

/// Whether `full` has input channels that `c` has not.
bool is_wider(const jml_convolution &full, const jml_convolution &c) { return full.in_channels > c.in_channels; }

/// Copies a kernel's taps, [in, out] each, between weights with different numbers of input channels.
void copy_taps(const jml_convolution &c, const float *from, long from_in, float *to, long to_in) {
  const long taps = (long)c.kernel * c.kernel, out = c.out_channels;
  for (long tap = 0; tap < taps; ++tap)
    std::memcpy(to + tap * to_in * out, from + tap * from_in * out, std::min(from_in, to_in) * out * sizeof(float));
}

/// The weights of all channels that `full` has, zeros for those that `c` has not.
const float *widened(const jml_convolution &c, const jml_convolution &full, const float *w) {
  if (!is_wider(full, c)) return w;
  const long count = (long)full.kernel * full.kernel * full.in_channels * full.out_channels;
  auto *wide = jml::scratch<float>(jml::weight_slot, count);
  std::memset(wide, 0, count * sizeof(float));
  copy_taps(c, w, c.in_channels, wide, full.in_channels);
  return wide;
}

/// Weights in the primitive's own layout; `w` itself when that is already the case.
memory packed_weights(
    const jml_convolution &c, const jml_convolution &full, const jml::Compiled &primitive, const float *w) {
  Geometry g(full, false);
  w = widened(c, full, w);
  if (primitive.weights == g.weights_user) return jml::wrap(g.weights_user, w);
  auto *packed = static_cast<float *>(jml_scratch(1, primitive.weights.get_size()));
  jml::reorder(g.weights_user, w, primitive.weights, packed);
  return jml::wrap(primitive.weights, packed);
}

}  // namespace

int jml_direct_forward(const jml_convolution *c, const float *x, const float *w, const float *bias, float *y) {
  return jml::guarded("convolution forward", [&] {
    const jml_convolution full = described(*c);
    const auto &primitive = compiled(full, 0, bias != nullptr);
    Geometry g(full, bias != nullptr);
    jml::Arguments arguments{{DNNL_ARG_SRC, jml::wrap(g.source, x)},
                             {DNNL_ARG_WEIGHTS, packed_weights(*c, full, primitive, w)},
                             {DNNL_ARG_DST, jml::wrap(g.target, y)}};
    if (bias) arguments[DNNL_ARG_BIAS] = jml::wrap(g.bias, bias);
    jml::execute(primitive, arguments);
  });
}

int jml_direct_backward_data(const jml_convolution *c, const float *dy, const float *w, float *dx) {
  return jml::guarded("convolution backward data", [&] {
    const jml_convolution full = described(*c);
    const auto &primitive = compiled(full, 1, false);
    Geometry g(full, false);
    jml::Arguments arguments{{DNNL_ARG_DIFF_DST, jml::wrap(g.target, dy)},
                             {DNNL_ARG_WEIGHTS, packed_weights(*c, full, primitive, w)},
                             {DNNL_ARG_DIFF_SRC, jml::wrap(g.source, dx)}};
    jml::execute(primitive, arguments);
  });
}

int jml_direct_backward_weights(
    const jml_convolution *c, const float *x, const float *dy, float *dw, float *dbias) {
  return jml::guarded("convolution backward weights", [&] {
    const jml_convolution full = described(*c);
    const auto &primitive = compiled(full, 2, dbias != nullptr);
    if (!primitive.has_vectors && jml::has_plain_gradients(*c)) return jml::plain_gradients(*c, x, dy, dw, dbias);
    Geometry g(full, dbias != nullptr);
    float *gradient = is_wider(full, *c) ? jml::scratch<float>(jml::weight_slot, g.weights_user.get_size() / sizeof(float)) : dw;
    const bool same = primitive.weights == g.weights_user;
    float *packed = same ? gradient : static_cast<float *>(jml_scratch(1, primitive.weights.get_size()));
    jml::Arguments arguments{{DNNL_ARG_SRC, jml::wrap(g.source, x)},
                             {DNNL_ARG_DIFF_DST, jml::wrap(g.target, dy)},
                             {DNNL_ARG_DIFF_WEIGHTS, jml::wrap(primitive.weights, packed)}};
    if (dbias) arguments[DNNL_ARG_DIFF_BIAS] = jml::wrap(g.bias, dbias);
    jml::execute(primitive, arguments);
    if (!same) jml::reorder(primitive.weights, packed, g.weights_user, gradient);
    if (is_wider(full, *c)) copy_taps(*c, gradient, full.in_channels, dw, c->in_channels);
  });
}
