#pragma once
// What a tile of the fused loss is compared with: labels, soft labels, a teacher. Values, totals and
// gradients.
#include <algorithm>
#include <cmath>

#include "LossHeadPlan.h"
#include "LossTile.h"

namespace jml {

/// Labels of a tile's lanes: keep, offset into [classes, lanes] of the label's probability (-1 if ignored),
/// and the soft label's value at the other classes (base) and at the label's (target).
JML_INLINE void readLabels(
    const Pass &pass, const Scratch &s, const uint8_t *labels, const uint8_t *boundary, long first,
    long cells) {
  const jml_loss_head &head = pass.head;
  const Axis &across = pass.layout.across;
  const long lanes = cells * across.phases;
  const float low = boundary ? head.epsilon / float(head.classes) : 0.f;
  const float high = boundary ? 1.f - head.epsilon + low : 1.f;
  for (long k = 0; k < across.phases; ++k)
    for (long j = 0; j < cells; ++j) {
      const long lane = k * cells + j, x = across.pixel[k * across.padded + first + j];
      const long label = x < 0 ? 256 : labels[x];
      const bool kept = label < head.classes && label != head.ignore;
      const bool soft = kept && boundary && boundary[x];
      s.label[lane] = kept ? int32_t(label) : 0;
      s.offset[lane] = kept ? int32_t(label * lanes + lane) : -1;
      s.keep[lane] = kept ? 1.f : 0.f;
      s.base[lane] = soft ? low : 0.f;
      s.target[lane] = !kept ? 0.f : soft ? high : 1.f;
    }
}

/// Up-sampled logits at the labels, and where labels are smoothed the sum over classes, straight from the
/// row.
template <bool soft>
JML_INLINE void readLogits(const Pass &pass, const Scratch &s, long first, long cells) {
  const Axis &across = pass.layout.across;
  const float *row = s.row + margin + first;
  const long stride = pass.layout.rowStride;
  auto interpolate = [&](const float *source, long slot) __attribute__((always_inline)) {
    const float before = source[-1] - source[0], after = source[1] - source[0];
    return source[0] + across.left[slot] * before + across.right[slot] * after;
  };
  for (long k = 0; k < across.phases; ++k)
    for (long j = 0; j < cells; ++j) {
      const long lane = k * cells + j, slot = k * across.padded + first + j;
      s.labelLogit[lane] = interpolate(row + s.label[lane] * stride + j, slot);
      if (!soft || s.base[lane] == 0) continue;
      float total = 0;
      for (long c = 0; c < pass.head.classes; ++c) total += interpolate(row + c * stride + j, slot);
      s.logitTotal[lane] = total;
    }
}

/// Teacher logits of a tile where its columns do not line up with the student's.
JML_INLINE void gatherTeacher(
    const Pass &pass, const Scratch &s, long first, long cells) {
  const jml_loss_head &head = pass.head;
  const Axis &across = pass.layout.across;
  const long lanes = cells * across.phases;
  for (long lane = 0; lane < lanes; ++lane) {
    const long x = across.pixel[lane / cells * across.padded + first + lane % cells];
    const double position = x < 0 ? 0 : pass.layout.teacherAcross.position(x, head.width);
    const long before = std::max(-1L, long(std::floor(position)));
    s.column[lane] = int32_t(margin + before);
    s.correction[lane] = float(position - double(before));
  }
  for (long c = 0; c < head.classes; ++c) {
    const float *row = s.teacherRow + c * pass.layout.teacherRowStride;
    for (long l = 0; l < lanes; ++l) {
      const float a = row[s.column[l]], b = row[s.column[l] + 1];
      s.teacherLogits[c * lanes + l] = a + s.correction[l] * (b - a);
    }
  }
  for (long l = 0; l < lanes; l += lanesPerVector) {
    Vector best = at(s.teacherLogits + l);
    for (long c = 1; c < head.classes; ++c) raise(best, at(s.teacherLogits + c * lanes + l));
    at(s.teacherGreatest + l) = best;
  }
}

/// Cross entropy of a tile against the label, summed over kept lanes; KL form, so zero at p = y also for soft
/// y.
template <bool soft>
JML_INLINE double labelValue(const Pass &pass, const Scratch &s, long lanes) {
  double total = logSum(s.sums, s.keep, lanes);
  const float classes = float(pass.head.classes);
  double entropy = 0;
  if (soft && pass.head.epsilon > 0) {
    const double low = pass.head.epsilon / classes, high = 1.0 - pass.head.epsilon + low;
    entropy = (high > 0 ? high * std::log(high) : 0) + (pass.head.classes - 1) * low * std::log(low);
  }
  for (long l = 0; l < lanes; ++l) {
    if (s.offset[l] < 0) continue;
    const float margin = s.greatest[l] - s.labelLogit[l];
    if (soft && s.base[l] > 0) {
      total += entropy + (s.target[l] - s.base[l]) * margin;
      total += s.base[l] * (classes * s.greatest[l] - s.logitTotal[l]);
    } else {
      total += margin;
    }
  }
  return total;
}

/// T^2 KL(t || p) at temperature T, summed over kept lanes; p and t (unnormalised weights) at that
/// temperature.
JML_INLINE double teacherValue(
    const Pass &pass, const Scratch &s, const float *teacher, const float *sums, const float *teacherSums,
    long lanes) {
  const float temperature = pass.head.temperature;
  double total = logSum(sums, s.keep, lanes) - logSum(teacherSums, s.keep, lanes);
  for (long l = 0; l < lanes; l += lanesPerVector) {
    const Vector top = at(s.greatest + l), teacherTop = at(s.teacherGreatest + l);
    Vector mean = {};
    for (long c = 0; c < pass.head.classes; ++c) {
      const long i = c * lanes + l;
      mean += at(teacher + i) * ((at(s.teacherLogits + i) - teacherTop) - (at(s.logits + i) - top));
    }
    total += sum(mean * (1.f / temperature) * at(s.keep + l) / at(teacherSums + l));
  }
  return total * temperature * temperature;
}

/// Totals of a hard tile: |p - y| needs only p at the label's class. `weights` are unnormalised.
JML_INLINE void hardTotals(const Pass &pass, const Scratch &s, long lanes, double *partial) {
  for (long c = 0; c < pass.head.classes; ++c) {
    Vector total = {};
    Vector best = {};
    for (long l = 0; l < lanes; l += lanesPerVector) {
      const Vector p = at(s.weights + c * lanes + l) * at(s.inverse + l);
      total += p;
      raise(best, p);
    }
    raise(at(s.maxima + c * lanesPerVector), best);
    raise(at(s.maxima + (pass.head.classes + c) * lanesPerVector), best);
    const double value = sum(total);
    partial[c * jml_total_count + jml_total_probability] += value;
    partial[c * jml_total_count + jml_total_label_distance] += value;
  }
}

/// Totals of a tile with soft targets; `weights` and `teacher` are probabilities.
template <bool distil>
JML_INLINE void softTotals(const Pass &pass, const Scratch &s, long lanes, double *partial) {
  for (long c = 0; c < pass.head.classes; ++c) {
    Vector total = {}, distance = {}, teacherTotal = {}, teacherDistance = {};
    float *best = s.maxima + c * lanesPerVector;
    const long step = pass.head.classes * lanesPerVector;
    for (long l = 0; l < lanes; l += lanesPerVector) {
      const Vector p = at(s.weights + c * lanes + l);
      Vector difference = p - at(s.base + l);
      magnitude(difference);
      total += p;
      distance += difference;
      if (distil) {
        const Vector t = at(s.teacher + c * lanes + l);
        difference = p - t;
        magnitude(difference);
        teacherTotal += t;
        teacherDistance += difference;
        if (pass.maxima) {
          raise(at(best + 2 * step), t);
          raise(at(best + 3 * step), p + t);
        }
      }
      if (pass.maxima) {
        raise(at(best), p);
        raise(at(best + step), p + at(s.base + l));
      }
    }
    double *row = partial + c * jml_total_count;
    row[jml_total_probability] += sum(total);
    row[jml_total_label_distance] += sum(distance);
    if (distil) {
      row[jml_total_teacher] += sum(teacherTotal);
      row[jml_total_teacher_distance] += sum(teacherDistance);
    }
  }
}

/// The label's own class, which the sweeps above took for any other. `p`: probability at the label.
JML_INLINE void correctTotals(
    const Pass &pass, const Scratch &s, long lanes, bool normalised, double *partial) {
  for (long l = 0; l < lanes; ++l) {
    if (s.offset[l] < 0) continue;
    const float p = s.weights[s.offset[l]] * (normalised ? 1.f : s.inverse[l]);
    double *row = partial + s.label[l] * jml_total_count;
    row[jml_total_label_distance] += std::fabs(p - s.target[l]) - std::fabs(p - s.base[l]);
    if (pass.maxima)
      row[jml_total_max_label_sum] = std::max(row[jml_total_max_label_sum], double(p + s.target[l]));
  }
}

/// Gradient by the logits of a hard tile, into `weights`. With h the gradient by p, g = p (h - sum p h); h is
/// one number a class everywhere but at the label, so that sum p h was collected with the softmax.
JML_INLINE void hardGradient(
    const Pass &pass, const Scratch &s, const float *slopes, const float *coefficients, long lanes) {
  for (long l = 0; l < lanes; ++l) {
    const long offset = s.offset[l];
    s.correction[l] = 0;
    if (offset < 0 || !coefficients) continue;
    const float p = s.weights[offset] * s.inverse[l];
    s.correction[l] = -2.f * p * coefficients[s.label[l] * 3 + 1];
  }
  for (long l = 0; l < lanes; l += lanesPerVector) {
    const Vector mean = at(s.mean + l) * at(s.inverse + l) + at(s.correction + l);
    at(s.mean + l) = (pass.crossEntropy - mean) * at(s.inverse + l);
  }
  for (long c = 0; c < pass.head.classes; ++c)
    for (long l = 0; l < lanes; l += lanesPerVector)
      at(s.weights + c * lanes + l) *= at(s.inverse + l) * slopes[c] + at(s.mean + l);
  for (long l = 0; l < lanes; ++l)
    if (s.offset[l] >= 0) s.weights[s.offset[l]] += s.correction[l] - pass.crossEntropy;
}

/// Gradient by the logits of a tile with soft targets, into `work`; `weights` and `teacher` are
/// probabilities.
template <bool distil>
JML_INLINE void softGradient(const Pass &pass, const Scratch &s, const float *coefficients, long lanes) {
  const long classes = pass.head.classes;
  for (long l = 0; l < lanes; l += lanesPerVector) {
    Vector mean = {};
    for (long c = 0; c < classes && coefficients; ++c) {
      const Vector p = at(s.weights + c * lanes + l);
      Vector slope = p - at(s.base + l);
      signTimes(slope, coefficients[c * 3 + 1]);
      slope += coefficients[c * 3];
      if (distil) {
        Vector other = p - at(s.teacher + c * lanes + l);
        signTimes(other, coefficients[c * 3 + 2]);
        slope += other;
      }
      at(s.work + c * lanes + l) = slope;
      mean += p * slope;
    }
    at(s.mean + l) = mean;
  }
  auto sign = [](float v) { return float((v > 0) - (v < 0)); };
  for (long l = 0; l < lanes && coefficients; ++l) {
    const long offset = s.offset[l];
    if (offset < 0) continue;
    const float p = s.weights[offset];
    const float change = coefficients[s.label[l] * 3 + 1] * (sign(p - s.target[l]) - sign(p - s.base[l]));
    s.work[offset] += change;
    s.mean[l] += p * change;
  }
  const bool hot = pass.head.temperature != 1.f;
  const float divergence = pass.divergence * pass.head.temperature;
  for (long c = 0; c < classes; ++c)
    for (long l = 0; l < lanes; l += lanesPerVector) {
      const long i = c * lanes + l;
      const Vector p = at(s.weights + i);
      Vector g = pass.crossEntropy * (p - at(s.base + l));
      if (coefficients) g += p * (at(s.work + i) - at(s.mean + l));
      if (distil) g += divergence * (hot ? at(s.hot + i) - at(s.teacherHot + i) : p - at(s.teacher + i));
      at(s.work + i) = g;
    }
  for (long l = 0; l < lanes; ++l)
    if (s.offset[l] >= 0) s.work[s.offset[l]] -= pass.crossEntropy * (s.target[l] - s.base[l]);
}

}  // namespace jml
