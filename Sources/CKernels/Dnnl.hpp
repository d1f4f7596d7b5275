#pragma once
// Shared plumbing around oneDNN 2.x: one engine, one stream a thread, primitives cached by what they compute.
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include <CPlatform.h>

#include "Convolution.h"

namespace jml {

using Arguments = std::unordered_map<int, dnnl::memory>;
using Key = std::vector<long>;

dnnl::engine &engine();
int thread_count_for_key();
dnnl::stream &stream();
void set_error(const std::string &text);

/// Runs `body`, turning a library exception into status 1 and a message; without memory the process ends.
template <typename Body>
int guarded(const char *operation, const Body &body) {
  try {
    body();
    return 0;
  } catch (const dnnl::error &error) {
    if (error.status == dnnl_out_of_memory) jml_memory_end(0, "a primitive of oneDNN");
    set_error(std::string(operation) + ": oneDNN " + error.what());
  } catch (const std::exception &error) {
    set_error(std::string(operation) + ": " + error.what());
  }
  return 1;
}

/// A primitive and the layouts it chose. Scratch memory is handed in at execution, so that all share one buffer.
struct Compiled {
  dnnl::primitive primitive;
  dnnl::memory::desc scratch, weights, workspace;
  /// False where the library has none but its loops without vectors.
  bool has_vectors = true;
};

/// Looks `key` up, building with `make` on the first use. Creating a primitive generates machine code, so each is
/// made once per shape and thread count.
template <typename Make>
const Compiled &cached(Key key, const Make &make) {
  static std::mutex mutex;
  static std::map<Key, std::unique_ptr<Compiled>> cache;
  key.push_back(thread_count_for_key());
  std::lock_guard<std::mutex> lock(mutex);
  auto found = cache.find(key);
  if (found == cache.end()) found = cache.emplace(key, std::make_unique<Compiled>(make())).first;
  return *found->second;
}

dnnl::memory::desc map_desc(long batch, long channels, long height, long width, int block);

inline dnnl::memory wrap(const dnnl::memory::desc &desc, const float *data) {
  return dnnl::memory(desc, engine(), const_cast<float *>(data));
}

dnnl::memory scratch_memory(const dnnl::memory::desc &desc);

dnnl::primitive_attr user_scratchpad();

void execute(const Compiled &compiled, Arguments &arguments);

/// Copies between two layouts of one logical tensor.
void reorder(const dnnl::memory::desc &from, const float *source, const dnnl::memory::desc &to, float *target);

}  // namespace jml
