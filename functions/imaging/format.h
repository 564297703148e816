// Format: which codec a picture needs, told from its first bytes and never from its name.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tidemill/result.h"

namespace tidemill::imaging {

/// An encoded picture. A view: the caller owns the bytes for the whole call.
using Bytes = std::span<const std::uint8_t>;

enum class Format { jpeg, png, webp };

/// Errors: bad_event, naming the format found where it can be told, and what is supported.
Result<Format> sniff(Bytes bytes);

std::string_view name(Format format);          ///< "jpeg", "png", "webp"
std::string_view content_type(Format format);  ///< "image/jpeg", ...
std::string_view extension(Format format);     ///< ".jpg", ".png", ".webp"

}  // namespace tidemill::imaging
