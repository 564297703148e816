// SHA-256 as lower-case hexadecimal, by Nettle. It uses the processor's own instructions as OpenSSL
// does; but OpenSSL's library takes longer to load than the rest of this plugin together.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace tidemill::metadata {

std::string sha256_hex(std::span<const std::uint8_t> bytes);

}  // namespace tidemill::metadata
