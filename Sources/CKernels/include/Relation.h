#pragma once
#ifdef __cplusplus
extern "C" {
#endif

// What distillation compares between a student and a teacher: similarities of pixels, and distributions over them. No
// matrix of all similarities exists: tiles of rows live in the cache. All sums run in fixed blocks, so that bits do not
// depend on the number of threads.

/// Products of row-major matrices, c [m, n].
enum {
  jml_product_nn = 0,  ///< a [m, k] * b [k, n]
  jml_product_nt = 1,  ///< a [m, k] * b [n, k]^T
  jml_product_tn = 2   ///< a [k, m]^T * b [k, n]
};
void jml_matrix_product(int kind, long m, long n, long k, const float *a, const float *b, float *c);

/// Sum over rows of KL(softmax(scale * t) || softmax(scale * s)) for s, t [rows, count];
/// ds = gain * (softmax(scale * s) - softmax(scale * t)).
double jml_row_divergence(long rows, long count, float scale, float gain, const float *s, const float *t, float *ds);

/// Similarities of anchors to keys, by features of the student and of the teacher, which differ in width.
typedef struct {
  long anchors, keys, student_width, teacher_width;
  /// 1 / temperature.
  float scale;
  /// Factor on gradients, besides `scale`.
  float gain;
} jml_relation;

/// Sum over anchors of KL(softmax over keys of the teacher's similarities || the student's). Keys are constant.
/// danchors [anchors, student_width] is written.
double jml_relation_divergence(const jml_relation *r, const float *anchors, const float *keys,
                               const float *teacher_anchors, const float *teacher_keys, float *danchors);

/// The same for every ordered pair of `images` of `pixels` rows each, rows of the first against rows of the second: sum
/// over pairs and rows. Gradients flow through both sides.
typedef struct {
  long images, pixels, student_width, teacher_width;
  float scale, gain;
} jml_mutual_relation;
double jml_mutual_relation_divergence(const jml_mutual_relation *r, const float *student, const float *teacher,
                                      float *dstudent);

/// y = x / max(|x|, epsilon) for each row; norms [rows] receives |x|.
void jml_unit_rows_forward(long rows, long channels, float epsilon, const float *x, float *norms, float *y);
/// dx = (dy - y * <y, dy>) / |x|, zero where |x| <= epsilon.
void jml_unit_rows_backward(long rows, long channels, float epsilon, const float *y, const float *norms,
                            const float *dy, float *dx);

/// y = x > 0 ? x : slope * x, slope > 0.
void jml_leaky_forward(long count, float slope, const float *x, float *y);
void jml_leaky_backward(long count, float slope, const float *y, const float *dy, float *dx);

#ifdef __cplusplus
}
#endif
