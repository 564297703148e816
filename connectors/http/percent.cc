#include "percent.h"

#include <algorithm>
#include <boost/url/pct_string_view.hpp>

namespace tidemill::http {
namespace {

namespace urls = boost::urls;

bool decode(std::string& out, std::string_view text, bool space_as_plus) {
  const auto encoded = urls::make_pct_string_view({text.data(), text.size()});
  if (!encoded) return false;
  urls::encoding_opts options;
  options.space_as_plus = space_as_plus;
  encoded->decode(options, urls::string_token::append_to(out));
  return true;
}

}  // namespace

bool is_percent_encoded(std::string_view text) {
  return text.find('%') == text.npos ||
         urls::make_pct_string_view({text.data(), text.size()}).has_value();
}

bool append_percent_decoded(std::string& out, std::string_view text) {
  if (text.find('%') != text.npos) return decode(out, text, false);
  out += text;
  return true;
}

void append_query_decoded(std::string& out, std::string_view text) {
  if (text.find_first_of("%+") == text.npos || !decode(out, text, true)) out += text;
}

}  // namespace tidemill::http
