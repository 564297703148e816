#include "imaging/format.h"

#include <algorithm>
#include <array>
#include <string>

namespace tidemill::imaging {
namespace {

// Bytes that a file of one kind has at one place.
struct Signature {
  std::size_t offset;
  std::string_view bytes;
  std::string_view kind;
};

using namespace std::string_view_literals;

constexpr std::array supported{
    std::pair{Signature{0, "\xFF\xD8\xFF"sv, "JPEG"}, Format::jpeg},
    std::pair{Signature{0, "\x89PNG\r\n\x1A\n"sv, "PNG"}, Format::png},
    std::pair{Signature{8, "WEBP"sv, "WebP"}, Format::webp},
};

// Kinds that people do upload: a reason that names the kind is one that they can act on.
constexpr std::array unsupported{
    Signature{0, "GIF8"sv, "GIF"},
    Signature{0, "II*\0"sv, "TIFF"},
    Signature{0, "MM\0*"sv, "TIFF"},
    Signature{0, "II+\0"sv, "BigTIFF"},
    Signature{0, "MM\0+"sv, "BigTIFF"},
    Signature{0, "BM"sv, "BMP"},
    Signature{4, "ftypavif"sv, "AVIF"},
    Signature{4, "ftypavis"sv, "AVIF sequence"},
    Signature{4, "ftyphei"sv, "HEIF"},
    Signature{4, "ftyphev"sv, "HEIF"},
    Signature{4, "ftypmif1"sv, "HEIF"},
    Signature{4, "ftyp"sv, "MP4 or QuickTime"},
    Signature{4, "jP  \r\n\x87\n"sv, "JPEG 2000"},
    Signature{0, "\xFF\x4F\xFF\x51"sv, "JPEG 2000 code stream"},
    Signature{0, "\xFF\x0A"sv, "JPEG XL"},
    Signature{4, "JXL \r\n\x87\n"sv, "JPEG XL"},
    Signature{0, "\0\0\1\0"sv, "ICO"},
    Signature{0, "\0\0\2\0"sv, "CUR"},
    Signature{0, "qoif"sv, "QOI"},
    Signature{0, "8BPS"sv, "Photoshop"},
    Signature{0, "%PDF"sv, "PDF"},
    Signature{0, "PK\3\4"sv, "ZIP"},
    Signature{0, "\x1F\x8B"sv, "gzip"},
    Signature{0, "<svg"sv, "SVG"},
    Signature{0, "<?xml"sv, "XML or SVG"},
    Signature{0, "<!DOCTYPE html"sv, "HTML"},
    Signature{0, "<!doctype html"sv, "HTML"},
    Signature{0, "<html"sv, "HTML"},
    Signature{0, "<HTML"sv, "HTML"},
    Signature{0, "P1"sv, "PBM"},
    Signature{0, "P2"sv, "PGM"},
    Signature{0, "P3"sv, "PPM"},
    Signature{0, "P4"sv, "PBM"},
    Signature{0, "P5"sv, "PGM"},
    Signature{0, "P6"sv, "PPM"},
};

constexpr std::string_view what_is_supported = "supported are JPEG, PNG and WebP";

bool matches(Bytes bytes, const Signature& signature) {
  if (bytes.size() < signature.offset + signature.bytes.size()) return false;
  const auto* at = reinterpret_cast<const char*>(bytes.data()) + signature.offset;
  return std::string_view(at, signature.bytes.size()) == signature.bytes;
}

}  // namespace

Result<Format> sniff(Bytes bytes) {
  if (bytes.empty()) return fail(Fault::bad_event, "the file is empty");
  for (const auto& [signature, format] : supported) {
    if (matches(bytes, signature)) return format;
  }
  const auto known = std::ranges::find_if(
      unsupported, [&](const Signature& signature) { return matches(bytes, signature); });
  if (known == unsupported.end()) {
    return fail(Fault::bad_event,
                "not a picture of a known format; " + std::string(what_is_supported));
  }
  return fail(Fault::bad_event,
              std::string(known->kind) + " is not supported; " + std::string(what_is_supported));
}

std::string_view name(Format format) {
  switch (format) {
    case Format::jpeg:
      return "jpeg";
    case Format::png:
      return "png";
    case Format::webp:
      return "webp";
  }
  return {};
}

std::string_view content_type(Format format) {
  switch (format) {
    case Format::jpeg:
      return "image/jpeg";
    case Format::png:
      return "image/png";
    case Format::webp:
      return "image/webp";
  }
  return {};
}

std::string_view extension(Format format) {
  switch (format) {
    case Format::jpeg:
      return ".jpg";
    case Format::png:
      return ".png";
    case Format::webp:
      return ".webp";
  }
  return {};
}

}  // namespace tidemill::imaging
