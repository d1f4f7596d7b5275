#include "Dnnl.hpp"

#include <cstdlib>

#include "Parallel.h"

namespace jml {

dnnl::engine &engine() {
  static dnnl::engine instance(dnnl::engine::kind::cpu, 0);
  return instance;
}

dnnl::stream &stream() {
  static thread_local dnnl::stream instance(engine());
  return instance;
}

static thread_local std::string last_error;
void set_error(const std::string &text) { last_error = text; }

int thread_count_for_key() { return jml_thread_count(); }

dnnl::memory::desc map_desc(long batch, long channels, long height, long width, int block) {
  using tag = dnnl::memory::format_tag;
  tag format = block == 16 ? tag::nChw16c : block == 8 ? tag::nChw8c : tag::nchw;
  return {{batch, channels, height, width}, dnnl::memory::data_type::f32, format};
}

dnnl::memory scratch_memory(const dnnl::memory::desc &desc) {
  return dnnl::memory(desc, engine(), jml_scratch(0, desc.get_size() + 64));
}

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

void execute(const Compiled &compiled, Arguments &arguments) {
  if (compiled.scratch.get_size() > 0) arguments[DNNL_ARG_SCRATCHPAD] = scratch_memory(compiled.scratch);
  compiled.primitive.execute(stream(), arguments);
  stream().wait();
}

static Key desc_key(const dnnl::memory::desc &desc) {
  Key key{desc.data.ndims, desc.data.offset0};
  const auto &blocking = desc.data.format_desc.blocking;
  for (int i = 0; i < desc.data.ndims; ++i) {
    key.push_back(desc.data.dims[i]);
    key.push_back(desc.data.padded_dims[i]);
    key.push_back(blocking.strides[i]);
  }
  for (int i = 0; i < blocking.inner_nblks; ++i) {
    key.push_back(blocking.inner_blks[i]);
    key.push_back(blocking.inner_idxs[i]);
  }
  return key;
}

void reorder(const dnnl::memory::desc &from, const float *source, const dnnl::memory::desc &to, float *target) {
  Key key{900};
  for (long value : desc_key(from)) key.push_back(value);
  key.push_back(-1);
  for (long value : desc_key(to)) key.push_back(value);
  const Compiled &compiled = cached(key, [&] {
    dnnl::reorder::primitive_desc pd(engine(), from, engine(), to, user_scratchpad());
    return Compiled{dnnl::reorder(pd), pd.scratchpad_desc(), {}, {}};
  });
  Arguments arguments{{DNNL_ARG_FROM, wrap(from, source)}, {DNNL_ARG_TO, wrap(to, target)}};
  execute(compiled, arguments);
}

}  // namespace jml

const char *jml_last_error(void) { return jml::last_error.c_str(); }

int jml_preferred_block(void) {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_mic:
    case dnnl::cpu_isa::avx512_mic_4ops:
    case dnnl::cpu_isa::avx512_core:
    case dnnl::cpu_isa::avx512_core_vnni:
    case dnnl::cpu_isa::avx512_core_bf16:
    case dnnl::cpu_isa::avx512_core_amx: return 16;
    default: return 8;
  }
}

namespace {
struct Scratch {
  void *memory = nullptr;
  unsigned long bytes = 0;
  void release() {
    std::free(memory);
    memory = nullptr;
    bytes = 0;
  }
  ~Scratch() { release(); }
};
thread_local Scratch scratches[8];
}  // namespace

void *jml_scratch(int slot, unsigned long bytes) {
  Scratch &scratch = scratches[slot];
  if (scratch.bytes < bytes) {
    scratch.release();
    unsigned long rounded = (bytes + 4095) & ~4095UL;
    const unsigned long alignment = rounded < JML_HUGE_PAGE ? 64 : JML_HUGE_PAGE;
    if (posix_memalign(&scratch.memory, alignment, rounded) != 0) {
      jml_memory_end(rounded, "the scratch memory of a kernel");
    }
    jml_prefer_huge_pages(scratch.memory, rounded);
    scratch.bytes = rounded;
  }
  return scratch.memory;
}

void jml_release_scratch(void) {
  for (Scratch &scratch : scratches) scratch.release();
}
