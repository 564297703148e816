#include "imaging/reduce.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "imaging/row_scaler.h"

namespace tidemill::imaging {
namespace {

class Reducer final : public PlaneSink {
 public:
  Reducer(std::span<const PlaneShape> wanted, Turn turn) : wanted_(wanted), turn_(turn) {}

  void open(std::span<const PlaneShape> shapes) override {
    scalers_.reserve(shapes.size());
    for (const PlaneShape& in : shapes) {
      const PlaneShape& out = wanted_[scalers_.size()];
      scalers_.emplace_back(Axis{.in = in.samples.width,
                                 .out = out.samples.width,
                                 .in_extent = in.extent_x,
                                 .out_extent = out.extent_x,
                                 .flipped = turn_.flip_x},
                            Axis{.in = in.samples.height,
                                 .out = out.samples.height,
                                 .in_extent = in.extent_y,
                                 .out_extent = out.extent_y,
                                 .flipped = turn_.flip_y});
    }
  }

  void row(int plane, const std::uint8_t* samples) override {
    scalers_[static_cast<std::size_t>(plane)].push(samples);
  }

  std::vector<Plane> take() {
    std::vector<Plane> planes;
    for (RowScaler& scaler : scalers_) {
      Plane plane = scaler.take();
      planes.push_back(turn_.none() ? std::move(plane) : turned(plane, turn_));
    }
    return planes;
  }

 private:
  std::span<const PlaneShape> wanted_;
  Turn turn_;
  std::vector<RowScaler> scalers_;
};

Size transposed(Size size) { return {.width = size.height, .height = size.width}; }

PlaneShape full_shape(Size size) {
  return {.samples = size,
          .extent_x = static_cast<double>(size.width),
          .extent_y = static_cast<double>(size.height)};
}

PlaneShape half_shape(Size size) {
  return {.samples = {.width = (size.width + 1) / 2, .height = (size.height + 1) / 2},
          .extent_x = size.width / 2.0,
          .extent_y = size.height / 2.0};
}

}  // namespace

Size upright_size(const Header& header) {
  const Size stored{.width = header.width, .height = header.height};
  return turn_for(header.exif.orientation).transposed ? transposed(stored) : stored;
}

Size fit(Size picture, Size box) {
  const double scale = std::min({static_cast<double>(box.width) / picture.width,
                                 static_cast<double>(box.height) / picture.height, 1.0});
  const auto side = [scale](int length) {
    return std::max(1, static_cast<int>(std::lround(length * scale)));
  };
  return {.width = side(picture.width), .height = side(picture.height)};
}

Result<Reduced> reduce(Decoder& decoder, Size box, Chroma chroma) {
  const Header& header = decoder.header();
  const Turn turn = turn_for(header.exif.orientation);
  const Size upright = fit(upright_size(header), box);
  const Size stored = turn.transposed ? transposed(upright) : upright;

  std::vector<PlaneShape> wanted(static_cast<std::size_t>(header.plane_count()),
                                 full_shape(stored));
  if (header.colour == Colour::ycc && chroma == Chroma::half) {
    wanted[1] = half_shape(stored);
    wanted[2] = half_shape(stored);
  }
  Reducer reducer(wanted, turn);
  if (auto decoded = decoder.decode(wanted, reducer); !decoded) {
    return std::unexpected(decoded.error());
  }
  return Reduced{.size = upright, .planes = reducer.take()};
}

}  // namespace tidemill::imaging
