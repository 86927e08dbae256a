// The readable twin of the field's flight: one column at a time, in double, straight from the definition.
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/kernels/field.hpp"

namespace infans::kernels {

namespace {

using Vector = std::vector<double>;

// Phase of wave w: the sum of the joints' angles along its ancestors.
double phase(const FieldModel& f, int w, const Vector& q) {
  double sum = 0;
  for (; w >= 0; w = f.parent[w]) sum += double{f.back[w]} * double{f.scale[f.turn[w]]} * q[f.turn[w]];
  return sum;
}

Vector monomials(const FieldModel& f, const Vector& v, const Vector& u) {
  Vector out{1.0};
  out.insert(out.end(), u.begin(), u.end());
  for (int i = 0; i < f.joints; ++i) out.push_back(v[i] / f.velocity_scale[i]);
  for (int i = 0; i < f.joints; ++i)
    for (int j = i; j < f.joints; ++j) out.push_back(v[i] / f.velocity_scale[i] * v[j] / f.velocity_scale[j]);
  return out;
}

Vector outputs(const FieldModel& f, const Vector& q, const Vector& v, const Vector& u) {
  const Vector monomial = monomials(f, v, u);
  const int count = f.monomials(), columns = f.outputs * count;
  Vector out(f.outputs);
  for (int o = 0; o < f.outputs; ++o)
    for (int m = 0; m < count; ++m) {
      const float* weight = f.weight + o * count + m;
      double series = weight[0];
      for (int w = 0; w < f.waves; ++w)
        series += weight[(1 + 2 * w) * columns] * std::cos(phase(f, w, q)) +
                  weight[(2 + 2 * w) * columns] * std::sin(phase(f, w, q));
      out[o] += monomial[m] * series;
    }
  for (int o = 0; f.limit != nullptr && o < f.outputs; ++o)
    out[o] = std::max(std::min(out[o], double{f.limit[o]}), -double{f.limit[o]});
  return out;
}

Vector moved(const Vector& x, const Vector& d, double h) {
  Vector out = x;
  for (std::size_t i = 0; i < x.size(); ++i) out[i] += h * d[i];
  return out;
}

struct Column {
  Vector q, v, u;
};

Column column_of(const FieldModel& f, const float* z, int stride, int column) {
  Column c;
  for (int i = 0; i < f.joints; ++i) {
    c.q.push_back(z[i * stride + column]);
    c.v.push_back(z[(f.joints + i) * stride + column]);
  }
  for (int k = 0; k < f.commands; ++k) c.u.push_back(z[(2 * f.joints + k) * stride + column]);
  return c;
}

void fly(const FieldModel& f, const float* z, int n, int stride, float* out, float*) {
  const double h = double{f.period} / f.steps;
  for (int column = 0; column < n; ++column) {
    auto [q, v, u] = column_of(f, z, stride, column);
    for (int s = 0; s < f.steps; ++s) {
      const Vector a1 = outputs(f, q, v, u);
      const Vector v2 = moved(v, a1, h / 2), a2 = outputs(f, moved(q, v, h / 2), v2, u);
      const Vector v3 = moved(v, a2, h / 2), a3 = outputs(f, moved(q, v2, h / 2), v3, u);
      const Vector v4 = moved(v, a3, h), a4 = outputs(f, moved(q, v3, h), v4, u);
      for (int i = 0; i < f.joints; ++i) {
        q[i] += h / 6 * (v[i] + 2 * v2[i] + 2 * v3[i] + v4[i]);
        v[i] += h / 6 * (a1[i] + 2 * a2[i] + 2 * a3[i] + a4[i]);
      }
    }
    for (int i = 0; i < f.joints; ++i) {
      out[i * stride + column] = static_cast<float>(q[i]);
      out[(f.joints + i) * stride + column] = static_cast<float>(v[i]);
    }
  }
}

void evaluate(const FieldModel& f, const float* z, int n, int stride, float* out, float*) {
  for (int column = 0; column < n; ++column) {
    const Column c = column_of(f, z, stride, column);
    const Vector a = outputs(f, c.q, c.v, c.u);
    for (int o = 0; o < f.outputs; ++o) out[o * stride + column] = static_cast<float>(a[o]);
  }
}

}  // namespace

const FieldTable& plain_field() {
  static const FieldTable table = {"plain", fly, evaluate};
  return table;
}

}  // namespace infans::kernels
