// Convolution as one matrix product per kernel tap, over just those pixels for which the tap sees the image.
#include <algorithm>
#include <cstring>

#include "Library.hpp"
#include "MatrixConvolution.h"
#include "Products.hpp"

namespace {

/// The outputs for which a tap reads inside the image, and how far away it reads.
struct Window {
  long tap, rows, columns, out_row, out_column, in_row, in_column;
};

std::vector<Window> windows_of(const jml_convolution &c) {
  std::vector<Window> windows;
  const auto range = [](long offset, long size, long &start, long &count) {
    start = std::max<long>(0, -offset);
    count = std::min<long>(size, size - offset) - start;
  };
  for (int r = 0; r < c.kernel; ++r)
    for (int s = 0; s < c.kernel; ++s) {
      const long dy = (long)r * c.dilation - c.padding, dx = (long)s * c.dilation - c.padding;
      Window w{r * c.kernel + s, 0, 0, 0, 0, 0, 0};
      range(dy, c.in_height, w.out_row, w.rows);
      range(dx, c.in_width, w.out_column, w.columns);
      if (w.rows <= 0 || w.columns <= 0) continue;
      w.in_row = w.out_row + dy;
      w.in_column = w.out_column + dx;
      windows.push_back(w);
    }
  return windows;
}

struct Map {
  long channels, block, height, width;
  long blocks() const { return channels / block; }
};

/// One window of one image as a matrix [rows * columns, channels].
void gather(const float *map, const Map &m, long image, long row, long column, long rows, long columns,
            float *matrix) {
  for (long b = 0; b < m.blocks(); ++b)
    for (long r = 0; r < rows; ++r) {
      const float *in = map + (((image * m.blocks() + b) * m.height + row + r) * m.width + column) * m.block;
      float *out = matrix + r * columns * m.channels + b * m.block;
      for (long x = 0; x < columns; ++x) std::memcpy(out + x * m.channels, in + x * m.block, m.block * sizeof(float));
    }
}

/// Adds a matrix [rows * columns, channels] to a window of one image.
JML_MULTIVERSION
void scatter_add(const float *matrix, const Map &m, long image, long row, long column, long rows, long columns,
                 float *map) {
  for (long b = 0; b < m.blocks(); ++b)
    for (long r = 0; r < rows; ++r) {
      float *out = map + (((image * m.blocks() + b) * m.height + row + r) * m.width + column) * m.block;
      const float *in = matrix + r * columns * m.channels + b * m.block;
      for (long x = 0; x < columns; ++x)
        for (long i = 0; i < m.block; ++i) out[x * m.block + i] += in[x * m.channels + i];
    }
}

constexpr int in_slot = 2, out_slot = 3;

/// Pixels of several images that one product takes.
constexpr long pixels_at_once = 512;

float *scratch(int slot, long count) { return static_cast<float *>(jml_scratch(slot, count * sizeof(float))); }

/// y = x * w, or dx = dy * w^T when `backward`.
void run(const jml_convolution &c, const float *x, const float *w, float *y, bool backward) {
  jml::prepare_blas();
  const Map in{c.in_channels, c.in_block, c.in_height, c.in_width};
  const Map out{c.out_channels, c.out_block, c.out_height, c.out_width};
  const Map &from = backward ? out : in, &to = backward ? in : out;
  const long pixels = to.height * to.width, pairs = in.channels * out.channels;
  std::memset(y, 0, c.batch * pixels * to.channels * sizeof(float));
  const long threads = jml_thread_count();
  const auto windows = windows_of(c);
  // An item is one product per tap. Small images are multiplied together, because thin products are slow. Threads share
  // the items, or when those do not divide among them, split the target's channel blocks: no two write one number.
  const long together = std::clamp<long>(pixels_at_once / pixels, 1, c.batch);
  const long groups = (c.batch + together - 1) / together;
  const long parts = groups % threads == 0 ? 1 : threads;
  const long share = (to.blocks() + parts - 1) / parts * to.block;
  float *matrices = scratch(in_slot, threads * together * pixels * from.channels);
  float *results = scratch(out_slot, threads * together * pixels * share);
  jml::parallel_for(groups * parts, 1, [&](long first, long last) {
    float *matrix = matrices + omp_get_thread_num() * together * pixels * from.channels;
    float *result = results + omp_get_thread_num() * together * pixels * share;
    for (long item = first; item < last; ++item) {
      const long image = item / parts * together, channel = item % parts * share;
      const long images = std::min<long>(together, c.batch - image);
      const long columns = std::min(share, to.channels - channel);
      if (columns <= 0) continue;
      for (const Window &v : windows) {
        const long count = v.rows * v.columns;
        for (long n = 0; n < images; ++n) {
          float *rows = matrix + n * count * from.channels;
          if (backward) gather(x, from, image + n, v.out_row, v.out_column, v.rows, v.columns, rows);
          else gather(x, from, image + n, v.in_row, v.in_column, v.rows, v.columns, rows);
        }
        const float *tap = w + v.tap * pairs;
        if (backward)
          jml::product_nt(images * count, columns, from.channels, matrix, from.channels, tap + channel * out.channels,
                          out.channels, 0, result, columns);
        else
          jml::product(images * count, columns, from.channels, matrix, from.channels, tap + channel, out.channels, 0,
                       result, columns);
        Map part = to;
        part.channels = columns;
        for (long n = 0; n < images; ++n) {
          // A share is a run of channel blocks of one image; address it as an image of its own.
          float *target = y + ((image + n) * to.blocks() + channel / to.block) * pixels * to.block;
          const float *rows = result + n * count * columns;
          if (backward) scatter_add(rows, part, 0, v.in_row, v.in_column, v.rows, v.columns, target);
          else scatter_add(rows, part, 0, v.out_row, v.out_column, v.rows, v.columns, target);
        }
      }
    }
  });
}

}  // namespace

long jml_taps_pixels(const jml_convolution *c) {
  long pixels = 0;
  for (const Window &w : windows_of(*c)) pixels += w.rows * w.columns;
  return pixels * c->batch;
}

int jml_taps_forward(const jml_convolution *c, const float *x, const float *w, float *y) {
  return jml::guarded("taps forward", [&] { run(*c, x, w, y, false); });
}

int jml_taps_backward_data(const jml_convolution *c, const float *dy, const float *w, float *dx) {
  return jml::guarded("taps backward data", [&] { run(*c, dy, w, dx, true); });
}

int jml_taps_backward_weights(const jml_convolution *c, const float *x, const float *dy, float *dw) {
  return jml::guarded("taps backward weights", [&] {
    jml::prepare_blas();
    const Map in{c->in_channels, c->in_block, c->in_height, c->in_width};
    const Map out{c->out_channels, c->out_block, c->out_height, c->out_width};
    const long pixels = in.height * in.width, pairs = in.channels * out.channels;
    std::memset(dw, 0, (long)c->kernel * c->kernel * pairs * sizeof(float));
    const auto windows = windows_of(*c);
    float *a = scratch(in_slot, c->batch * pixels * in.channels);
    float *b = scratch(out_slot, c->batch * pixels * out.channels);
    for (const Window &v : windows) {
      const long count = v.rows * v.columns;
      jml::parallel_for(c->batch, 1, [&](long first, long last) {
        for (long image = first; image < last; ++image) {
          gather(x, in, image, v.in_row, v.in_column, v.rows, v.columns, a + image * count * in.channels);
          gather(dy, out, image, v.out_row, v.out_column, v.rows, v.columns, b + image * count * out.channels);
        }
      });
      // Threads split the input channels, so each number of dw is one uninterrupted sum.
      jml::parallel_for(in.blocks(), 1, [&](long first, long last) {
        const long start = first * in.block, rows = (last - first) * in.block;
        jml::product_tn(rows, out.channels, c->batch * count, a + start, in.channels, b, out.channels, 0,
                        dw + v.tap * pairs + start * out.channels, out.channels);
      });
    }
  });
}
