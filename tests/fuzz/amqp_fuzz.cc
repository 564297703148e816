// Whatever a publisher writes into the properties and headers of a message, or a broker into its
// frames, is read, or refused: no crash, and no text from beyond its bytes.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "amqp/frames.h"
#include "amqp/properties.h"

namespace {

void within(std::string_view whole, std::string_view part) {
  if (part.empty()) return;
  if (part.data() < whole.data() || part.data() + part.size() > whole.data() + whole.size())
    std::abort();
}

void read_properties(std::string_view bytes) {
  using namespace tidemill::amqp;
  const auto properties = parse_properties(bytes);
  if (!properties) return;
  within(bytes, properties->message_id);
  within(bytes, properties->headers);
  std::string_view rest = properties->headers;
  std::string_view name;
  Field field;
  std::string text;
  while (next_field(rest, name, field)) {
    within(properties->headers, name);
    within(properties->headers, field.bytes);
    text.clear();
    if (!append_text(text, field)) break;
  }
}

void read_frames(std::string_view bytes) {
  using namespace tidemill::amqp;
  FrameReader reader;
  while (!bytes.empty() && !reader.broken()) {
    const auto room = reader.room();
    const std::size_t count = std::min<std::size_t>({bytes.size(), room.size(), 4096});
    if (count == 0) std::abort();
    std::memcpy(room.data(), bytes.data(), count);
    reader.filled(count);
    bytes.remove_prefix(count);
    while (const auto frame = reader.next())
      if (frame->type == AMQP_FRAME_HEADER && frame->payload.size() >= 12)
        read_properties(frame->payload.substr(12));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_properties(bytes);
  read_frames(bytes);
  return 0;
}
