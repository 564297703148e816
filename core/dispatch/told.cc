#include "core/dispatch/told.h"

#include <cstdint>
#include <utility>

#include "core/state/byte_codec.h"

namespace tidemill {
namespace {

enum class Form : std::uint8_t { reply = 1, failed = 2 };

}  // namespace

std::string told_text(const Told& told) {
  using namespace state;
  std::string text;
  if (told.reply != nullptr) {
    const Reply& reply = *told.reply;
    append_byte(text, static_cast<std::uint8_t>(Form::reply));
    append_big_endian(text, static_cast<std::uint32_t>(reply.status));
    append_sized(text, reply.content_type);
    append_big_endian(text, static_cast<std::uint32_t>(reply.headers.size()));
    for (const auto& [name, value] : reply.headers) {
      append_sized(text, name);
      append_sized(text, value);
    }
    text += reply.body;
  } else if (!told.failed.empty()) {
    append_byte(text, static_cast<std::uint8_t>(Form::failed));
    text += told.failed;
  }
  return text;
}

Told read_told(std::string_view text) {
  if (text.empty()) return {};
  state::ByteReader reader(text);
  const auto form = static_cast<Form>(reader.byte());
  if (form == Form::failed) return {nullptr, std::string(reader.rest())};
  if (form != Form::reply) return {};
  Reply reply;
  reply.status = reader.big_endian<std::uint32_t>();
  reply.content_type = reader.sized();
  for (auto headers = reader.big_endian<std::uint32_t>(); headers > 0 && reader.ok(); --headers) {
    std::string name(reader.sized());
    reply.headers.emplace_back(std::move(name), reader.sized());
  }
  reply.body = reader.rest();
  if (!reader.ok()) return {};
  return {std::make_shared<const Reply>(std::move(reply)), {}};
}

}  // namespace tidemill
