#include "Dnnl.hpp"
#include "Parallel.h"
#include "Primitives.h"

using namespace dnnl;

namespace {

memory::desc desc_of(const jml_map &m) { return jml::map_desc(m.batch, m.channels, m.height, m.width, m.block); }

algorithm algorithm_of(int kind) {
  switch (kind) {
    case jml_pool_max: return algorithm::pooling_max;
    case jml_pool_average_include_padding: return algorithm::pooling_avg_include_padding;
    default: return algorithm::pooling_avg_exclude_padding;
  }
}

const jml::Compiled &pooling(const jml_pooling &p, int direction) {
  return jml::cached({300, direction, p.kind, p.kernel_height, p.kernel_width, p.stride_height, p.stride_width,
                      p.padding, p.in.batch, p.in.channels, p.in.height, p.in.width, p.in.block, p.out.height,
                      p.out.width},
                     [&]() -> jml::Compiled {
    const memory::dims strides{p.stride_height, p.stride_width}, kernel{p.kernel_height, p.kernel_width};
    const memory::dims before{p.padding, p.padding};
    const memory::dims after{(long)(p.out.height - 1) * p.stride_height + p.kernel_height - p.in.height - p.padding,
                             (long)(p.out.width - 1) * p.stride_width + p.kernel_width - p.in.width - p.padding};
    const auto kind = direction == 0 ? prop_kind::forward_inference : prop_kind::forward_training;
    pooling_forward::primitive_desc forward(
        {kind, algorithm_of(p.kind), desc_of(p.in), desc_of(p.out), strides, kernel, before, after},
        jml::user_scratchpad(), jml::engine());
    if (direction != 2)
      return {pooling_forward(forward), forward.scratchpad_desc(), {},
              forward.workspace_desc()};
    pooling_backward::primitive_desc pd(
        {algorithm_of(p.kind), desc_of(p.in), desc_of(p.out), strides, kernel, before, after},
        jml::user_scratchpad(), jml::engine(), forward);
    return {pooling_backward(pd), pd.scratchpad_desc(), {}, pd.workspace_desc()};
  });
}

}  // namespace

unsigned long jml_pool_workspace_bytes(const jml_pooling *p) {
  unsigned long bytes = 0;
  jml::guarded("pooling", [&] { bytes = pooling(*p, 1).workspace.get_size(); });
  return bytes;
}

int jml_pool_forward(const jml_pooling *p, int training, const float *x, float *y, void *workspace) {
  return jml::guarded("pooling forward", [&] {
    const auto &primitive = pooling(*p, training ? 1 : 0);
    jml::Arguments arguments{{DNNL_ARG_SRC, jml::wrap(desc_of(p->in), x)}, {DNNL_ARG_DST, jml::wrap(desc_of(p->out), y)}};
    if (training && workspace) arguments[DNNL_ARG_WORKSPACE] = memory(primitive.workspace, jml::engine(), workspace);
    jml::execute(primitive, arguments);
  });
}

int jml_pool_backward(const jml_pooling *p, const float *dy, const void *workspace, float *dx) {
  return jml::guarded("pooling backward", [&] {
    const auto &primitive = pooling(*p, 2);
    jml::Arguments arguments{{DNNL_ARG_DIFF_DST, jml::wrap(desc_of(p->out), dy)},
                             {DNNL_ARG_DIFF_SRC, jml::wrap(desc_of(p->in), dx)}};
    if (workspace) arguments[DNNL_ARG_WORKSPACE] = memory(primitive.workspace, jml::engine(), const_cast<void *>(workspace));
    jml::execute(primitive, arguments);
  });
}

namespace {

struct Bins {
  int in, out;
  int first(int bin) const { return (int)((long)bin * in / out); }
  int last(int bin) const { return (int)(((long)(bin + 1) * in + out - 1) / out); }
};

/// Visits every (plane of vectors, output bin): body(input plane, output vector, y0, y1, x0, x1).
template <typename Body>
void for_each_bin(const jml_map &in, const jml_map &out, const Body &body) {
  const long vector = in.block ? in.block : 1;
  const long planes = (long)in.batch * ((in.channels + vector - 1) / vector);
  const Bins rows{in.height, out.height}, columns{in.width, out.width};
  jml::parallel_for(planes, 4, [&](long begin, long end) {
    for (long p = begin; p < end; ++p)
      for (int r = 0; r < out.height; ++r)
        for (int c = 0; c < out.width; ++c)
          body(p * in.height * in.width * vector, ((p * out.height + r) * out.width + c) * vector, rows.first(r),
               rows.last(r), columns.first(c), columns.last(c), vector);
  });
}

}  // namespace

int jml_adaptive_pool_forward(const jml_map *in, const jml_map *out, const float *x, float *y) {
  for_each_bin(*in, *out, [&](long plane, long cell, int y0, int y1, int x0, int x1, long vector) {
    const float share = 1.0f / ((float)(y1 - y0) * (x1 - x0));
    for (long i = 0; i < vector; ++i) y[cell + i] = 0;
    for (int r = y0; r < y1; ++r)
      for (int c = x0; c < x1; ++c)
        for (long i = 0; i < vector; ++i) y[cell + i] += x[plane + ((long)r * in->width + c) * vector + i];
    for (long i = 0; i < vector; ++i) y[cell + i] *= share;
  });
  return 0;
}

int jml_adaptive_pool_backward(const jml_map *in, const jml_map *out, const float *dy, float *dx) {
  const long vector = in->block ? in->block : 1;
  const long count = (long)in->batch * ((in->channels + vector - 1) / vector) * vector * in->height * in->width;
  std::memset(dx, 0, count * sizeof(float));
  for_each_bin(*in, *out, [&](long plane, long cell, int y0, int y1, int x0, int x1, long vector) {
    const float share = 1.0f / ((float)(y1 - y0) * (x1 - x0));
    for (int r = y0; r < y1; ++r)
      for (int c = x0; c < x1; ++c)
        for (long i = 0; i < vector; ++i) dx[plane + ((long)r * in->width + c) * vector + i] += dy[cell + i] * share;
  });
  return 0;
}
