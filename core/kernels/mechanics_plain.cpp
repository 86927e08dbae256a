// The readable twin of the flight kernel: one column at a time, in double, straight from the equation of motion.
#include <cmath>
#include <vector>

#include "core/kernels/mechanics.hpp"

namespace infans::kernels {

namespace {

using Vector = std::vector<double>;

// Phase of wave w: the sum of the joints' angles along its ancestors.
double phase(const BodyModel& b, int w, const Vector& q) {
  double sum = 0;
  for (; w >= 0; w = b.parent[w]) sum += double{b.back[w]} * double{b.scale[b.turn[w]]} * q[b.turn[w]];
  return sum;
}

double pull_of_friction(const BodyModel& b, int i, double velocity) {
  const int n = b.joints;
  const double x = velocity / b.velocity_scale[i];
  return b.friction[i] * x + b.friction[n + i] * std::tanh(x * 50.0) + b.friction[2 * n + i] * x * std::abs(x);
}

// Solves the symmetric p (rows) for r with pivots above the floor.
void solve(std::vector<Vector>& p, Vector& r, double floor) {
  const int n = static_cast<int>(r.size());
  for (int j = 0; j < n; ++j) {
    p[j][j] = std::max(p[j][j], floor);
    for (int i = j + 1; i < n; ++i) {
      const double factor = p[j][i] / p[j][j];
      for (int k = i; k < n; ++k) p[i][k] -= factor * p[j][k];
      r[i] -= factor * r[j];
    }
  }
  for (int j = n - 1; j >= 0; --j) {
    for (int k = j + 1; k < n; ++k) r[j] -= p[j][k] * r[k];
    r[j] /= p[j][j];
  }
}

Vector acceleration(const BodyModel& b, const Vector& q, const Vector& v, const Vector& force) {
  const int n = b.joints;
  Vector r = force;
  std::vector<Vector> p(n, Vector(n));
  for (int i = 0; i < n; ++i) {
    r[i] -= pull_of_friction(b, i, v[i]);
    for (int j = i; j < n; ++j) p[i][j] = b.constant[i * n + j];
  }
  for (int w = 0; w < b.waves; ++w) {
    const double c = std::cos(phase(b, w, q)), s = std::sin(phase(b, w, q));
    Vector m(n);  // (dP/dphase) v
    for (int k = b.first_term[w]; k < b.first_term[w + 1]; ++k) {
      const InertiaTerm& t = b.terms[k];
      p[t.i][t.j] += t.cosine * c + t.sine * s;
      const double d = t.sine * c - t.cosine * s;
      m[t.i] += d * v[t.j];
      if (t.i != t.j) m[t.j] += d * v[t.i];
    }
    double along = b.potential[2 * w] * s - b.potential[2 * w + 1] * c, turn = 0;
    for (int i = 0; i < n; ++i) {
      along += 0.5 * m[i] * v[i];
      turn += b.slope[w * n + i] * v[i];
    }
    for (int i = 0; i < n; ++i) r[i] += b.slope[w * n + i] * along - turn * m[i];
  }
  solve(p, r, b.pivot_floor);
  for (int i = 0; i < n; ++i) r[i] = std::max(std::min(r[i], double{b.limit[i]}), -double{b.limit[i]});
  return r;
}

Vector moved(const Vector& x, const Vector& d, double h) {
  Vector out = x;
  for (std::size_t i = 0; i < x.size(); ++i) out[i] += h * d[i];
  return out;
}

struct Column {
  Vector q, v, force;
};

Column column_of(const BodyModel& b, const float* z, int stride, int column) {
  const int joints = b.joints;
  Column c{Vector(joints), Vector(joints), Vector(joints)};
  for (int i = 0; i < joints; ++i) {
    c.q[i] = z[i * stride + column];
    c.v[i] = z[(joints + i) * stride + column];
    for (int k = 0; k < b.commands; ++k)
      c.force[i] += double{b.command[i * b.commands + k]} * z[(2 * joints + k) * stride + column];
  }
  return c;
}

void fly(const BodyModel& b, const float* z, int n, int stride, float* out) {
  const int joints = b.joints;
  const double h = double{b.period} / b.steps;
  for (int column = 0; column < n; ++column) {
    auto [q, v, force] = column_of(b, z, stride, column);
    for (int s = 0; s < b.steps; ++s) {
      const Vector a1 = acceleration(b, q, v, force);
      const Vector v2 = moved(v, a1, h / 2), a2 = acceleration(b, moved(q, v, h / 2), v2, force);
      const Vector v3 = moved(v, a2, h / 2), a3 = acceleration(b, moved(q, v2, h / 2), v3, force);
      const Vector v4 = moved(v, a3, h), a4 = acceleration(b, moved(q, v3, h), v4, force);
      for (int i = 0; i < joints; ++i) {
        q[i] += h / 6 * (v[i] + 2 * v2[i] + 2 * v3[i] + v4[i]);
        v[i] += h / 6 * (a1[i] + 2 * a2[i] + 2 * a3[i] + a4[i]);
      }
    }
    for (int i = 0; i < joints; ++i) {
      out[i * stride + column] = static_cast<float>(q[i]);
      out[(joints + i) * stride + column] = static_cast<float>(v[i]);
    }
  }
}

void accelerate(const BodyModel& b, const float* z, int n, int stride, float* out) {
  for (int column = 0; column < n; ++column) {
    const Column c = column_of(b, z, stride, column);
    const Vector a = acceleration(b, c.q, c.v, c.force);
    for (int i = 0; i < b.joints; ++i) out[i * stride + column] = static_cast<float>(a[i]);
  }
}

}  // namespace

const BodyTable& plain_body() {
  static const BodyTable table = {"plain", fly, accelerate};
  return table;
}

}  // namespace infans::kernels
