// Winograd F(4x4, 3x3) on channel-blocked activations.
//
// y = A^T [ (G g G^T) . (B^T d B) ] A for each 6x6 input tile d and 4x4 output tile y. Collecting one of the 36 tile
// positions over all tiles and channels makes 36 independent matrix products. The weight gradient is the transpose
// of the same algorithm: dg = G^T [ (B^T d B) . (A dy A^T) ] G.
#include <algorithm>

#include "Library.hpp"
#include "MatrixConvolution.h"
#include "Products.hpp"

namespace {

/// Where a tile lies: image n, rows row0 + dilation * i, columns column0 + dilation * j of the sub-image.
struct Tile {
  int image, row, column;
};

std::vector<Tile> tiles_of(const jml_convolution &c) {
  std::vector<Tile> tiles;
  const int d = c.dilation, span = 4 * d;
  for (int n = 0; n < c.batch; ++n)
    for (int a = 0; a < d && a < c.out_height; ++a)
      for (int row = a; row < c.out_height; row += span)
        for (int b = 0; b < d && b < c.out_width; ++b)
          for (int column = b; column < c.out_width; column += span) tiles.push_back({n, row, column});
  return tiles;
}

#define EACH for (int i = 0; i < B; ++i)

/// Floats from one of the 36 positions to the next: an odd number of cache lines, because a power of two would send
/// the 36 lines that a transform touches at a time to one and the same set of the cache.
long pitch_of(long count) { return ((count + 15) / 16 | 1) * 16; }

/// One row of B^T applied to six vectors at stride `s`.
template <int B>
__attribute__((always_inline)) inline void input_transform(const float *in, long s, float *out, long t) {
  EACH {
    const float d0 = in[i], d1 = in[s + i], d2 = in[2 * s + i], d3 = in[3 * s + i], d4 = in[4 * s + i],
                d5 = in[5 * s + i];
    out[i] = 4 * d0 - 5 * d2 + d4;
    out[t + i] = (d4 - 4 * d2) + (d3 - 4 * d1);
    out[2 * t + i] = (d4 - 4 * d2) - (d3 - 4 * d1);
    out[3 * t + i] = (d4 - d2) + 2 * (d3 - d1);
    out[4 * t + i] = (d4 - d2) - 2 * (d3 - d1);
    out[5 * t + i] = 4 * d1 - 5 * d3 + d5;
  }
}

/// A^T applied to six vectors: four outputs.
template <int B>
__attribute__((always_inline)) inline void output_transform(const float *in, long s, float *out, long t) {
  EACH {
    const float m0 = in[i], m1 = in[s + i], m2 = in[2 * s + i], m3 = in[3 * s + i], m4 = in[4 * s + i],
                m5 = in[5 * s + i];
    const float p = m1 + m2, q = m1 - m2, u = m3 + m4, v = m3 - m4;
    out[i] = m0 + p + u;
    out[t + i] = q + 2 * v;
    out[2 * t + i] = p + 4 * u;
    out[3 * t + i] = q + 8 * v + m5;
  }
}

/// A applied to four vectors: six outputs (the transpose of the above).
template <int B>
__attribute__((always_inline)) inline void output_transpose(const float *in, long s, float *out, long t) {
  EACH {
    const float y0 = in[i], y1 = in[s + i], y2 = in[2 * s + i], y3 = in[3 * s + i];
    out[i] = y0;
    out[t + i] = y0 + y1 + y2 + y3;
    out[2 * t + i] = y0 - y1 + y2 - y3;
    out[3 * t + i] = y0 + 2 * y1 + 4 * y2 + 8 * y3;
    out[4 * t + i] = y0 - 2 * y1 + 4 * y2 - 8 * y3;
    out[5 * t + i] = y3;
  }
}

struct Plane {
  long block, blocks, height, width;
  long offset(long n, long b, long y, long x) const {
    return (((n * blocks + b) * height + y) * width + x) * block;
  }
};

/// `size` x `size` patch of `map` at a tile, zero outside the image.
template <int B>
__attribute__((always_inline)) inline void load_patch(
    const float *map, const Plane &plane, const Tile &tile, long b, int d, int size, int start, float *patch) {
  for (int r = 0; r < size; ++r) {
    const long y = tile.row + (long)(r + start) * d;
    for (int s = 0; s < size; ++s) {
      float *out = patch + (r * size + s) * B;
      const long x = tile.column + (long)(s + start) * d;
      if (y >= 0 && y < plane.height && x >= 0 && x < plane.width) {
        const float *in = map + plane.offset(tile.image, b, y, x);
        EACH out[i] = in[i];
      } else {
        EACH out[i] = 0;
      }
    }
  }
}

/// v[position][tile][channel] from activations; `gradient` selects A dy A^T (4x4 patches) over B^T d B (6x6).
template <int B>
__attribute__((always_inline)) inline void scatter_tiles(
    const float *map, const Plane &plane, const Tile *tiles, long first, long last, long count, int d,
    bool gradient, float *v) {
  alignas(64) float patch[36 * B], half[36 * B], whole[36 * B];
  const long channels = plane.blocks * B, position = pitch_of(count * channels);
  for (long t = first; t < last; ++t)
    for (long b = 0; b < plane.blocks; ++b) {
      if (gradient) {
        load_patch<B>(map, plane, tiles[t], b, d, 4, 0, patch);
        for (int column = 0; column < 4; ++column) output_transpose<B>(patch + column * B, 4 * B, half + column * B, 4 * B);
        for (int row = 0; row < 6; ++row) output_transpose<B>(half + row * 4 * B, B, whole + row * 6 * B, B);
      } else {
        load_patch<B>(map, plane, tiles[t], b, d, 6, -1, patch);
        for (int column = 0; column < 6; ++column) input_transform<B>(patch + column * B, 6 * B, half + column * B, 6 * B);
        for (int row = 0; row < 6; ++row) input_transform<B>(half + row * 6 * B, B, whole + row * 6 * B, B);
      }
      float *out = v + t * channels + b * B;
      for (int p = 0; p < 36; ++p) EACH out[p * position + i] = whole[p * B + i];
    }
}

template <int B>
__attribute__((always_inline)) inline void gather_tiles(
    const float *m, const Plane &plane, const Tile *tiles, long first, long last, long count, int d, float *map) {
  alignas(64) float whole[36 * B], half[24 * B], patch[16 * B];
  const long channels = plane.blocks * B, position = pitch_of(count * channels);
  for (long t = first; t < last; ++t)
    for (long b = 0; b < plane.blocks; ++b) {
      const float *in = m + t * channels + b * B;
      for (int p = 0; p < 36; ++p) EACH whole[p * B + i] = in[p * position + i];
      for (int column = 0; column < 6; ++column) output_transform<B>(whole + column * B, 6 * B, half + column * B, 6 * B);
      for (int row = 0; row < 4; ++row) output_transform<B>(half + row * 6 * B, B, patch + row * 4 * B, B);
      for (int r = 0; r < 4; ++r) {
        const long y = tiles[t].row + (long)r * d;
        if (y >= plane.height) break;
        for (int s = 0; s < 4; ++s) {
          const long x = tiles[t].column + (long)s * d;
          if (x >= plane.width) break;
          float *out = map + plane.offset(tiles[t].image, b, y, x);
          EACH out[i] = patch[(r * 4 + s) * B + i];
        }
      }
    }
}

JML_MULTIVERSION
void scatter8(const float *map, const Plane &p, const Tile *t, long a, long b, long n, int d, bool g, float *v) {
  scatter_tiles<8>(map, p, t, a, b, n, d, g, v);
}
JML_MULTIVERSION
void scatter16(const float *map, const Plane &p, const Tile *t, long a, long b, long n, int d, bool g, float *v) {
  scatter_tiles<16>(map, p, t, a, b, n, d, g, v);
}
JML_MULTIVERSION
void gather8(const float *m, const Plane &p, const Tile *t, long a, long b, long n, int d, float *map) {
  gather_tiles<8>(m, p, t, a, b, n, d, map);
}
JML_MULTIVERSION
void gather16(const float *m, const Plane &p, const Tile *t, long a, long b, long n, int d, float *map) {
  gather_tiles<16>(m, p, t, a, b, n, d, map);
}

/// u[position][r][c] = G g G^T. Forward: r = input, c = output channel. For the data gradient (`flip`) the kernel is
/// turned by 180 degrees; the product then takes u transposed, so rows stay input channels.
JML_MULTIVERSION
void transform_weights(const float *w, long pairs, long first, long last, bool flip, float *u) {
  constexpr int B = 16;
  const long pitch = pitch_of(pairs);
  alignas(64) float g[9 * B], half[18 * B];
  for (long start = first; start < last; start += B) {
    const long n = std::min<long>(B, last - start);
    for (int p = 0; p < 9; ++p) {
      const float *in = w + (flip ? 8 - p : p) * pairs + start;
      if (n == B) EACH g[p * B + i] = in[i];
      else for (long i = 0; i < n; ++i) g[p * B + i] = in[i];
    }
    const auto rows = [](const float *in, long s, float *out, long t) __attribute__((always_inline)) {
      EACH {
        const float a = in[i], b = in[s + i], c = in[2 * s + i];
        const float even = a + c, wide = a + 4 * c;
        out[i] = a * 0.25f;
        out[t + i] = (even + b) * (-1.0f / 6);
        out[2 * t + i] = (even - b) * (-1.0f / 6);
        out[3 * t + i] = (wide + 2 * b) * (1.0f / 24);
        out[4 * t + i] = (wide - 2 * b) * (1.0f / 24);
        out[5 * t + i] = c;
      }
    };
    alignas(64) float whole[36 * B];
    for (int column = 0; column < 3; ++column) rows(g + column * B, 3 * B, half + column * B, 3 * B);
    for (int row = 0; row < 6; ++row) rows(half + row * 3 * B, B, whole + row * 6 * B, B);
    for (int p = 0; p < 36; ++p) {
      float *out = u + p * pitch + start;
      if (n == B) EACH out[i] = whole[p * B + i];
      else for (long i = 0; i < n; ++i) out[i] = whole[p * B + i];
    }
  }
}

/// w = G^T u G, the adjoint of the weight transform.
JML_MULTIVERSION
void adjoint_weights(const float *u, long pairs, long first, long last, float *w) {
  constexpr int B = 16;
  const long pitch = pitch_of(pairs);
  alignas(64) float whole[36 * B], half[18 * B], g[9 * B];
  const auto rows = [](const float *in, long s, float *out, long t) __attribute__((always_inline)) {
    EACH {
      const float a = in[s + i] + in[2 * s + i], b = in[s + i] - in[2 * s + i];
      const float c = in[3 * s + i] + in[4 * s + i], d = in[3 * s + i] - in[4 * s + i];
      out[i] = in[i] * 0.25f - a * (1.0f / 6) + c * (1.0f / 24);
      out[t + i] = d * (1.0f / 12) - b * (1.0f / 6);
      out[2 * t + i] = c * (1.0f / 6) - a * (1.0f / 6) + in[5 * s + i];
    }
  };
  for (long start = first; start < last; start += B) {
    const long n = std::min<long>(B, last - start);
    for (int p = 0; p < 36; ++p) {
      const float *in = u + p * pitch + start;
      if (n == B) EACH whole[p * B + i] = in[i];
      else for (long i = 0; i < n; ++i) whole[p * B + i] = in[i];
    }
    for (int column = 0; column < 6; ++column) rows(whole + column * B, 6 * B, half + column * B, 6 * B);
    for (int row = 0; row < 3; ++row) rows(half + row * 6 * B, B, g + row * 3 * B, B);
    for (int p = 0; p < 9; ++p) {
      float *out = w + p * pairs + start;
      if (n == B) EACH out[i] = g[p * B + i];
      else for (long i = 0; i < n; ++i) out[i] = g[p * B + i];
    }
  }
}

constexpr int weight_slot = 2, input_slot = 3, output_slot = 4;

Plane plane(int channels, int block, int height, int width) {
  return {block, (channels + block - 1) / block, height, width};
}

float *scratch(int slot, long count) { return static_cast<float *>(jml_scratch(slot, count * sizeof(float))); }

/// Floats of transformed weights up to which they are taken to stay in the shared cache.
constexpr long small_weights = 600'000;

/// Floats of transformed tiles and of products that a thread keeps in its own cache.
constexpr long own_floats = 300'000;

/// Tiles handled at once: enough to amortise reading the transformed weights, few enough that both operands of the
/// products stay near the cache.
long tiles_at_once(long count, long in, long out) {
  const long budget = std::max<long>(3'000'000, 36 * in * out / 2) / (36 * (in + out));
  const long chunk = std::max<long>(64, budget);
  const long pieces = (count + chunk - 1) / chunk;
  return (count + pieces - 1) / pieces;
}

void scatter_all(const float *map, const Plane &p, const Tile *tiles, long count, int d, bool gradient, float *v) {
  jml::parallel_for(count, 4, [&](long first, long last) {
    (p.block == 16 ? scatter16 : scatter8)(map, p, tiles, first, last, count, d, gradient, v);
  });
}

/// y = x * w, or dx = dy * flipped w when `backward`.
void run(const jml_convolution &c, const float *x, const float *w, float *y, bool backward) {
  jml::prepare_blas();
  const Plane in = plane(c.in_channels, c.in_block, c.in_height, c.in_width);
  const Plane out = plane(c.out_channels, c.out_block, c.out_height, c.out_width);
  const Plane &from = backward ? out : in, &to = backward ? in : out;
  const long rows = c.in_channels, columns = c.out_channels, pairs = rows * columns;
  float *u = scratch(weight_slot, 36 * pitch_of(pairs));
  jml::parallel_for(pairs / 16, 64, [&](long first, long last) {
    transform_weights(w, pairs, first * 16, last * 16, backward, u);
  });
  const std::vector<Tile> tiles = tiles_of(c);
  const long total = tiles.size(), k = backward ? columns : rows, n = backward ? rows : columns;
  const auto multiply = [&](long p, long count, const float *v, float *m) {
    const float *a = v + p * pitch_of(count * k), *b = u + p * pitch_of(pairs);
    float *result = m + p * pitch_of(count * n);
    if (backward) jml::product_nt(count, n, k, a, k, b, columns, 0, result, n);
    else jml::product(count, n, k, a, k, b, columns, 0, result, n);
  };
  const auto scatter = from.block == 16 ? scatter16 : scatter8;
  const auto gather = to.block == 16 ? gather16 : gather8;
  if (36 * pairs <= small_weights) {
    // Every thread takes its own tiles all the way, and what lies between stays in its cache.
    const long chunk = std::max<long>(16, own_floats / (36 * (k + n))), chunks = (total + chunk - 1) / chunk;
    jml::parallel_for(chunks, 1, [&](long first, long last) {
      float *v = scratch(input_slot, 36 * pitch_of(chunk * k)), *m = scratch(output_slot, 36 * pitch_of(chunk * n));
      for (long start = first * chunk; start < std::min(last * chunk, total); start += chunk) {
        const long count = std::min(chunk, total - start);
        scatter(x, from, tiles.data() + start, 0, count, count, c.dilation, false, v);
        for (long p = 0; p < 36; ++p) multiply(p, count, v, m);
        gather(m, to, tiles.data() + start, 0, count, count, c.dilation, y);
      }
    });
    return;
  }
  const long chunk = tiles_at_once(total, rows, columns);
  for (long start = 0; start < total; start += chunk) {
    const long count = std::min(chunk, total - start);
    float *v = scratch(input_slot, 36 * pitch_of(count * k)), *m = scratch(output_slot, 36 * pitch_of(count * n));
    scatter_all(x, from, tiles.data() + start, count, c.dilation, false, v);
    jml::parallel_for(36, 1, [&](long first, long last) {
      for (long p = first; p < last; ++p) multiply(p, count, v, m);
    });
    jml::parallel_for(count, 4, [&](long first, long last) {
      gather(m, to, tiles.data() + start, first, last, count, c.dilation, y);
    });
  }
}

}  // namespace

long jml_winograd_tiles(const jml_convolution *c) { return tiles_of(*c).size(); }

int jml_winograd_forward(const jml_convolution *c, const float *x, const float *w, float *y) {
  return jml::guarded("winograd forward", [&] { run(*c, x, w, y, false); });
}

int jml_winograd_backward_data(const jml_convolution *c, const float *dy, const float *w, float *dx) {
  return jml::guarded("winograd backward data", [&] { run(*c, dy, w, dx, true); });
}

int jml_winograd_backward_weights(const jml_convolution *c, const float *x, const float *dy, float *dw) {
  return jml::guarded("winograd backward weights", [&] {
    jml::prepare_blas();
    const Plane in = plane(c->in_channels, c->in_block, c->in_height, c->in_width);
    const Plane out = plane(c->out_channels, c->out_block, c->out_height, c->out_width);
    const long rows = c->in_channels, columns = c->out_channels, pairs = rows * columns;
    float *u = scratch(weight_slot, 36 * pitch_of(pairs));
    const std::vector<Tile> tiles = tiles_of(*c);
    const long total = tiles.size(), chunk = tiles_at_once(total, rows, columns);
    for (long start = 0; start < total; start += chunk) {
      const long count = std::min(chunk, total - start);
      const long v_pitch = pitch_of(count * rows), m_pitch = pitch_of(count * columns);
      float *v = scratch(input_slot, 36 * v_pitch), *m = scratch(output_slot, 36 * m_pitch);
      scatter_all(x, in, tiles.data() + start, count, c->dilation, false, v);
      scatter_all(dy, out, tiles.data() + start, count, c->dilation, true, m);
      jml::parallel_for(36, 1, [&](long first, long last) {
        for (long p = first; p < last; ++p)
          jml::product_tn(rows, columns, count, v + p * v_pitch, rows, m + p * m_pitch, columns, start == 0 ? 0 : 1,
                          u + p * pitch_of(pairs), columns);
      });
    }
    jml::parallel_for(pairs / 16, 64, [&](long first, long last) {
      adjoint_weights(u, pairs, first * 16, last * 16, dw);
    });
  });
}
