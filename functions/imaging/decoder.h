// Decoder: the seam between the codecs and everything that happens to pixels.
//
// open() reads the header and refuses what the limits refuse; no pixel is allocated before
// decode(). decode() hands rows of planes, reduced as far as the codec can cheaply do it but never
// below twice the wanted size, to a PlaneSink. A codec may hand over rows of different planes in
// any order, each plane from top to bottom. Another decoder for the same format needs no change
// on either side.
//
// Thread safety: none; one decoder serves one picture on one thread. Decoders of different
// pictures are independent. No exception leaves but std::bad_alloc.
#pragma once

#include <memory>
#include <span>

#include "imaging/exif.h"
#include "imaging/format.h"
#include "imaging/limits.h"

namespace tidemill::imaging {

/// What the planes mean, in this order; with Header::alpha one more plane follows, and the colour
/// planes are then already multiplied by it (so that scaling cannot bleed hidden colours).
enum class Colour {
  grey,
  ycc,  ///< Y, Cb, Cr as in JFIF: full range, BT.601.
  rgb,
  cmyk,  ///< As Adobe stores it: 255 is no ink.
  ycck,  ///< YCbCr of the inverted CMY, and K.
};

/// Planes without alpha.
int planes_of(Colour colour);

struct Header {
  Format format = Format::jpeg;
  int width = 0;  ///< As stored, before the EXIF orientation is applied.
  int height = 0;
  Colour colour = Colour::rgb;
  bool alpha = false;
  int bits = 8;           ///< Of one stored sample.
  bool animated = false;  ///< The first frame is decoded.
  Exif exif;

  int plane_count() const { return planes_of(colour) + (alpha ? 1 : 0); }
};

/// A size in pixels.
struct Size {
  int width = 1;
  int height = 1;

  bool operator==(const Size&) const = default;
};

/// The geometry of one plane.
struct PlaneShape {
  Size samples;
  double extent_x = 1;  ///< How many samples the picture truly spans (see kernel.h).
  double extent_y = 1;
};

/// Receives a picture, row by row. Must not outlive the call that it is given to.
class PlaneSink {
 public:
  virtual ~PlaneSink() = default;
  /// Called once before the first row, with one shape for each plane.
  virtual void open(std::span<const PlaneShape> shapes) = 0;
  /// The row is valid during the call.
  virtual void row(int plane, const std::uint8_t* samples) = 0;
};

class Decoder {
 public:
  virtual ~Decoder() = default;

  virtual const Header& header() const = 0;

  /// Decodes for an output whose plane i is wanted[i] (in stored orientation); each plane arrives
  /// at least twice as large, or in full. At most one call.
  ///
  /// Errors: bad_event when the data is cut short or damaged or a limit is passed; cancelled when
  /// Limits::expired says so. Rows handed over before an error are to be thrown away.
  virtual Result<> decode(std::span<const PlaneShape> wanted, PlaneSink& sink) = 0;
};

/// Reads the header. `bytes` must outlive the decoder.
///
/// Errors: bad_event for an unsupported format, a damaged header or a passed limit.
Result<std::unique_ptr<Decoder>> open(Bytes bytes, const Limits& limits);

/// Refuses a picture whose header passes the limits. For codecs.
Result<> check_size(const Limits& limits, std::uint64_t width, std::uint64_t height);

/// Refuses a decode that would hold more than the limits allow. For codecs.
Result<> check_workspace(const Limits& limits, std::uint64_t bytes);

}  // namespace tidemill::imaging
