#include "records/csv_columns.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "json_text/json_text.h"

namespace tidemill::records {
namespace {

// So many digits survive as a double, which is what most readers of JSON make of a number.
constexpr std::size_t digits_max = 15;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto count = static_cast<std::size_t>(end - text.begin());
  text.remove_prefix(count);
  return count;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || !any_of.contains(text.front())) return false;
  text.remove_prefix(1);
  return true;
}

// By JSON's grammar: 007 and +1 are no numbers, they are names that look like some.
bool is_number(std::string_view text) {
  take(text, "-");
  const bool zero = text.starts_with('0');
  std::size_t digits = take_digits(text);
  if (digits == 0 || (zero && digits > 1)) return false;
  if (take(text, ".")) {
    const std::size_t fraction = take_digits(text);
    if (fraction == 0) return false;
    digits += fraction;
  }
  if (take(text, "eE")) {
    take(text, "+-");
    const std::size_t exponent = take_digits(text);
    if (exponent == 0 || exponent > 2) return false;
  }
  return text.empty() && digits <= digits_max;
}

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

// Cuts a record that a CsvScanner found no fault with into its fields.
class Fields {
 public:
  struct Field {
    std::string_view text;  // Between the quotes; there two quotes still stand for one.
    bool quoted = false;
  };

  Fields(std::string_view record, char delimiter) : rest_(record), delimiter_(delimiter) {}

  bool more() const { return more_; }

  Field next() {
    Field field;
    field.quoted = rest_.starts_with('"');
    if (field.quoted) {
      rest_.remove_prefix(1);
      const std::size_t end = closing_quote();
      field.text = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
    } else {
      field.text = rest_.substr(0, rest_.find(delimiter_));
      rest_.remove_prefix(field.text.size());
    }
    more_ = !rest_.empty();
    if (more_) rest_.remove_prefix(1);  // The delimiter.
    return field;
  }

 private:
  std::size_t closing_quote() const {
    std::size_t quote = rest_.find('"');
    while (rest_.substr(quote + 1).starts_with('"')) quote = rest_.find('"', quote + 2);
    return quote;
  }

  std::string_view rest_;
  char delimiter_;
  bool more_ = true;
};

// Appends the text of a quoted field, two quotes made one again.
void append_unquoted(std::string& out, std::string_view text) {
  for (std::size_t quote; (quote = text.find('"')) != std::string_view::npos;) {
    append_json_escaped(out, text.substr(0, quote + 1));
    text.remove_prefix(quote + 2);
  }
  append_json_escaped(out, text);
}

std::unexpected<Error> bad_header(std::string message) {
  return fail(Fault::bad_config, std::move(message));
}

}  // namespace

Result<CsvColumns> CsvColumns::named(const std::vector<std::string>& names, char delimiter,
                                     bool typed) {
  if (names.empty()) return bad_header("there are no columns");
  CsvColumns columns(delimiter, typed);
  for (auto name = names.begin(); name != names.end(); ++name) {
    const std::string number = std::to_string(name - names.begin() + 1);
    if (name->empty()) return bad_header("column " + number + " has no name");
    if (!is_utf8(*name)) return bad_header("the name of column " + number + " is not UTF-8");
    if (std::find(names.begin(), name, *name) != name)
      return bad_header("two columns are called " + *name);
    std::string& opening = columns.openings_.emplace_back(1, name == names.begin() ? '{' : ',');
    append_json_string(opening, *name);
    opening += ':';
  }
  return columns;
}

Result<CsvColumns> CsvColumns::of_header(std::string_view record, char delimiter, bool typed) {
  std::vector<std::string> names;
  for (Fields fields(record, delimiter); fields.more();) {
    const auto [text, quoted] = fields.next();
    std::string& name = names.emplace_back(text);
    if (!quoted) continue;
    for (std::size_t at = 0; (at = name.find('"', at)) != std::string::npos; ++at)
      name.erase(at, 1);
  }
  return named(names, delimiter, typed);
}

Result<std::string_view> CsvColumns::object(std::string_view record) {
  if (!is_utf8(record)) return fail(Fault::bad_event, "it is not UTF-8");
  json_.clear();
  Fields fields(record, delimiter_);
  std::size_t count = 0;
  for (; fields.more() && count < openings_.size(); ++count) {
    const auto [text, quoted] = fields.next();
    json_ += openings_[count];
    append_value(text, quoted);
  }
  for (; fields.more(); ++count) std::ignore = fields.next();
  if (count != openings_.size())
    return fail(Fault::bad_event, "it has " + std::to_string(count) + " fields, and there are " +
                                      std::to_string(openings_.size()) + " columns");
  json_ += '}';
  return json_;
}

void CsvColumns::append_value(std::string_view text, bool quoted) {
  if (typed_ && !quoted && text.empty()) {
    json_ += "null";
    return;
  }
  if (typed_ && !quoted && (text == "true" || text == "false" || is_number(text))) {
    json_ += text;
    return;
  }
  json_ += '"';
  if (quoted)
    append_unquoted(json_, text);
  else
    append_json_escaped(json_, text);
  json_ += '"';
}

}  // namespace tidemill::records
