// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The fit, and its picture.
#include "compiler/PowerLaw.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <cmath>
#include <vector>

using namespace dit;
using llvm::formatv;

double PowerLaw::at(double x) const { return factor * std::pow(x, exponent); }

namespace {

struct Line {
  double intercept, slope, correlation;
};

Line fitLine(const std::vector<double> &x, const std::vector<double> &y) {
  double n = double(x.size()), meanX = 0, meanY = 0, xx = 0, xy = 0, yy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    meanX += x[i] / n;
    meanY += y[i] / n;
  }
  for (size_t i = 0; i < x.size(); ++i) {
    double dx = x[i] - meanX, dy = y[i] - meanY;
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  double slope = xy / xx;
  return {meanY - slope * meanX, slope, xy / std::sqrt(xx * yy)};
}

constexpr double kWidth = 640, kHeight = 440; // pixels
constexpr double kLeft = 70, kRight = 610, kTop = 30, kBottom = 380;

/// A logarithmic axis from pixel `from` to pixel `to`.
class Axis {
public:
  Axis(double low, double high, double from, double to)
      : low(std::log10(low)), high(std::log10(high)), from(from), to(to) {
    double margin = 0.08 * (this->high - this->low);
    this->low -= margin;
    this->high += margin;
  }

  double pixel(double value) const {
    return from + (std::log10(value) - low) / (high - low) * (to - from);
  }
  double end(bool upper) const { return std::pow(10.0, upper ? high : low); }

  /// 1, 2 and 5 of each decade; 1 alone where there are many decades.
  std::vector<double> ticks() const {
    std::vector<double> all;
    for (double decade = std::floor(low); decade <= high; ++decade)
      for (double digit : {1.0, 2.0, 5.0}) {
        double place = decade + std::log10(digit);
        if (place >= low && place <= high && (digit == 1 || high - low < 4))
          all.push_back(digit * std::pow(10.0, decade));
      }
    return all;
  }

private:
  double low, high, from, to;
};

std::string escaped(llvm::StringRef text) {
  std::string out;
  for (char c : text)
    out += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

void text(llvm::raw_ostream &os, double x, double y, llvm::StringRef anchor,
          llvm::StringRef what) {
  os << formatv("<text x=\"{0:F1}\" y=\"{1:F1}\" text-anchor=\"{2}\">{3}"
                "</text>\n",
                x, y, anchor, escaped(what));
}

void line(llvm::raw_ostream &os, double x1, double y1, double x2, double y2,
          llvm::StringRef colour) {
  os << formatv("<line x1=\"{0:F1}\" y1=\"{1:F1}\" x2=\"{2:F1}\" "
                "y2=\"{3:F1}\" stroke=\"{4}\"/>\n",
                x1, y1, x2, y2, colour);
}

std::string shortNumber(double value) {
  std::string digits;
  llvm::raw_string_ostream(digits) << llvm::format("%g", value);
  return digits;
}

} // namespace

PowerLaw dit::fitPowerLaw(llvm::ArrayRef<Measured> points) {
  std::vector<double> logX, y, logY;
  for (const Measured &point : points) {
    logX.push_back(std::log(point.x));
    y.push_back(point.y);
    logY.push_back(std::log(point.y));
  }
  Line law = fitLine(logX, logY);
  return {std::exp(law.intercept), law.slope, fitLine(logX, y).correlation,
          law.correlation};
}

std::string dit::plotPowerLaw(llvm::ArrayRef<Measured> points,
                              const PowerLaw &law, llvm::StringRef xTitle,
                              llvm::StringRef yTitle) {
  auto [lowX, highX] = std::minmax_element(
      points.begin(), points.end(),
      [](const Measured &a, const Measured &b) { return a.x < b.x; });
  auto [lowY, highY] = std::minmax_element(
      points.begin(), points.end(),
      [](const Measured &a, const Measured &b) { return a.y < b.y; });
  // The line is drawn from the first point to the last, and may pass below or
  // above all of them.
  double ends[] = {law.at(lowX->x), law.at(highX->x)};
  Axis x(lowX->x, highX->x, kLeft, kRight);
  Axis y(std::min({lowY->y, ends[0], ends[1]}),
         std::max({highY->y, ends[0], ends[1]}), kBottom, kTop);

  std::string svg;
  llvm::raw_string_ostream os(svg);
  os << formatv("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" "
                "height=\"{1}\" font-family=\"sans-serif\" font-size=\"12\">\n"
                "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
                int(kWidth), int(kHeight));
  for (double tick : x.ticks()) {
    line(os, x.pixel(tick), kTop, x.pixel(tick), kBottom, "#ddd");
    text(os, x.pixel(tick), kBottom + 18, "middle", shortNumber(tick));
  }
  for (double tick : y.ticks()) {
    line(os, kLeft, y.pixel(tick), kRight, y.pixel(tick), "#ddd");
    text(os, kLeft - 8, y.pixel(tick) + 4, "end", shortNumber(tick));
  }
  line(os, x.pixel(lowX->x), y.pixel(ends[0]), x.pixel(highX->x),
       y.pixel(ends[1]), "#c33");
  for (const Measured &point : points) {
    os << formatv("<circle cx=\"{0:F1}\" cy=\"{1:F1}\" r=\"4\" "
                  "fill=\"#236\"/>\n",
                  x.pixel(point.x), y.pixel(point.y));
    text(os, x.pixel(point.x) + 6, y.pixel(point.y) - 6, "start", point.name);
  }
  text(os, (kLeft + kRight) / 2, kHeight - 20, "middle", xTitle);
  text(os, kLeft, kTop - 10, "start", yTitle);
  os << "</svg>\n";
  return svg;
}
