// RowPayload: what a generated event says where there is no template, a function of seed and index
// alone:
//
//     {"n":17,"key":"key-42","value":907,"text":"Qk3x..."}
//
// `text` fills up to the wanted size. A value; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "template_text/payload.h"

namespace tidemill::generate {

class RowPayload final : public template_text::Payload {
 public:
  RowPayload(std::uint64_t seed, std::uint64_t bytes, std::uint32_t keys);

  std::size_t bytes_max() const override;
  Written write(std::uint64_t index, char* to) const override;

 private:
  std::uint64_t seed_;
  std::size_t bytes_;
  std::uint32_t keys_;
  std::string text_;  ///< Made-up letters; each event's text is a piece of it.
};

}  // namespace tidemill::generate
