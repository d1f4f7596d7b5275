#pragma once

namespace jml {

/// The numbers of one channel block at one pixel; a plain map's block is one channel.
template <int B>
struct VectorOf;
template <>
struct VectorOf<1> {
  typedef float type;
  typedef float in_memory;
};
template <>
struct VectorOf<8> {
  typedef float type __attribute__((vector_size(32)));
  typedef float in_memory __attribute__((vector_size(32), aligned(4), may_alias));
};
template <>
struct VectorOf<16> {
  typedef float type __attribute__((vector_size(64)));
  typedef float in_memory __attribute__((vector_size(64), aligned(4), may_alias));
};
template <int B>
using Vector = typename VectorOf<B>::type;

/// The block at `p` in memory, to read or to assign; needs no alignment.
#define JML_BLOCK(B, p) (*reinterpret_cast<typename jml::VectorOf<B>::in_memory *>(p))
#define JML_CONST_BLOCK(B, p) (*reinterpret_cast<const typename jml::VectorOf<B>::in_memory *>(p))

}  // namespace jml
