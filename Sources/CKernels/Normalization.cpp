#include "Library.hpp"
#include "Primitives.h"

using namespace dnnl;

namespace {

memory::desc desc_of(const jml_map &m) { return jml::map_desc(m.batch, m.channels, m.height, m.width, m.block); }

enum Direction { training, inference, backward };

const jml::Compiled &compiled(const jml_map &m, float epsilon, int relu, Direction direction) {
  long bits = 0;
  std::memcpy(&bits, &epsilon, sizeof epsilon);
  return jml::cached({200, direction, relu, bits, m.batch, m.channels, m.height, m.width, m.block},
                     [&]() -> jml::Compiled {
    auto flags = normalization_flags::use_scale | normalization_flags::use_shift;
    if (relu) flags |= normalization_flags::fuse_norm_relu;
    if (direction == inference) flags |= normalization_flags::use_global_stats;
    const auto desc = desc_of(m);
    const auto kind = direction == inference ? prop_kind::forward_inference : prop_kind::forward_training;
    batch_normalization_forward::primitive_desc forward({kind, desc, epsilon, flags}, jml::user_scratchpad(),
                                                        jml::engine());
    if (direction != backward)
      return {batch_normalization_forward(forward), forward.impl_info_str(), forward.scratchpad_desc(), {},
              forward.workspace_desc()};
    batch_normalization_backward::primitive_desc pd({prop_kind::backward, desc, desc, epsilon, flags},
                                                    jml::user_scratchpad(), jml::engine(), forward);
    return {batch_normalization_backward(pd), pd.impl_info_str(), pd.scratchpad_desc(), {}, pd.workspace_desc()};
  });
}

memory vector_of(const jml_map &m, const float *values) {
  return jml::wrap({{m.channels}, memory::data_type::f32, memory::format_tag::a}, values);
}

}  // namespace

unsigned long jml_norm_workspace_bytes(const jml_map *map) {
  unsigned long bytes = 0;
  jml::guarded("batch norm", [&] { bytes = compiled(*map, 1e-5f, 1, training).workspace.get_size(); });
  return bytes;
}

int jml_norm_forward(const jml_map *map, float epsilon, int relu, const float *x, const float *scale,
                     const float *shift, float *mean, float *variance, void *workspace, float *y) {
  return jml::guarded("batch norm forward", [&] {
    const auto &primitive = compiled(*map, epsilon, relu, training);
    const auto desc = desc_of(*map);
    jml::Arguments arguments{{DNNL_ARG_SRC, jml::wrap(desc, x)},          {DNNL_ARG_DST, jml::wrap(desc, y)},
                             {DNNL_ARG_SCALE, vector_of(*map, scale)},    {DNNL_ARG_SHIFT, vector_of(*map, shift)},
                             {DNNL_ARG_MEAN, vector_of(*map, mean)},      {DNNL_ARG_VARIANCE, vector_of(*map, variance)}};
    if (relu) arguments[DNNL_ARG_WORKSPACE] = memory(primitive.workspace, jml::engine(), workspace);
    jml::execute(primitive, arguments);
  });
}

int jml_norm_inference(const jml_map *map, float epsilon, int relu, const float *x, const float *scale,
                       const float *shift, const float *mean, const float *variance, float *y) {
  return jml::guarded("batch norm inference", [&] {
    const auto &primitive = compiled(*map, epsilon, relu, inference);
    const auto desc = desc_of(*map);
    jml::Arguments arguments{{DNNL_ARG_SRC, jml::wrap(desc, x)},          {DNNL_ARG_DST, jml::wrap(desc, y)},
                             {DNNL_ARG_SCALE, vector_of(*map, scale)},    {DNNL_ARG_SHIFT, vector_of(*map, shift)},
                             {DNNL_ARG_MEAN, vector_of(*map, mean)},      {DNNL_ARG_VARIANCE, vector_of(*map, variance)}};
    jml::execute(primitive, arguments);
  });
}

int jml_norm_backward(const jml_map *map, float epsilon, int relu, const float *x, const float *scale,
                      const float *shift, const float *mean, const float *variance, const void *workspace,
                      const float *dy, float *dx, float *dscale, float *dshift) {
  return jml::guarded("batch norm backward", [&] {
    const auto &primitive = compiled(*map, epsilon, relu, backward);
    const auto desc = desc_of(*map);
    jml::Arguments arguments{
        {DNNL_ARG_SRC, jml::wrap(desc, x)},           {DNNL_ARG_DIFF_DST, jml::wrap(desc, dy)},
        {DNNL_ARG_SCALE, vector_of(*map, scale)},     {DNNL_ARG_SHIFT, vector_of(*map, shift)},
        {DNNL_ARG_MEAN, vector_of(*map, mean)},       {DNNL_ARG_VARIANCE, vector_of(*map, variance)},
        {DNNL_ARG_DIFF_SRC, jml::wrap(desc, dx)},     {DNNL_ARG_DIFF_SCALE, vector_of(*map, dscale)},
        {DNNL_ARG_DIFF_SHIFT, vector_of(*map, dshift)}};
    if (relu) arguments[DNNL_ARG_WORKSPACE] = memory(primitive.workspace, jml::engine(), const_cast<void *>(workspace));
    jml::execute(primitive, arguments);
  });
}
