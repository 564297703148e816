#include "records/record_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace tidemill::records {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

RecordOptions options(Format format) {
  RecordOptions options;
  options.format = format;
  options.line_max = {4096};
  return options;
}

void fill(RecordReader& reader, std::string_view text) {
  while (!text.empty()) {
    const auto room = reader.room();
    const std::size_t count = text.copy(room.data(), room.size());
    reader.filled(count);
    text.remove_prefix(count);
  }
}

struct Seen {
  std::string text;
  std::uint64_t begin;
  std::uint64_t end;
  std::uint64_t oversized;
  std::string refused;
};

std::vector<Seen> take_all(RecordReader& reader) {
  std::vector<Seen> seen;
  while (const Record* record = reader.peek()) {
    seen.push_back({std::string(record->text), record->begin, record->end, record->oversized,
                    record->refused});
    reader.take();
  }
  return seen;
}

// Of a stream that arrives in pieces of that many bytes.
std::vector<Seen> read(const RecordOptions& options, std::string_view text, std::size_t piece) {
  RecordReader reader(options, nullptr);
  std::vector<Seen> seen;
  const auto take = [&] {
    for (Seen& one : take_all(reader)) seen.push_back(std::move(one));
  };
  for (std::size_t at = 0; at < text.size(); at += piece) {
    fill(reader, text.substr(at, piece));
    take();
  }
  reader.end();
  take();
  return seen;
}

std::vector<std::string> texts(const std::vector<Seen>& seen) {
  std::vector<std::string> texts;
  for (const Seen& one : seen) texts.push_back(one.refused.empty() ? one.text : "!" + one.refused);
  return texts;
}

// The same however the bytes arrive.
std::vector<std::string> texts(const RecordOptions& options, std::string_view text) {
  const auto whole = texts(read(options, text, text.size() + 1));
  for (std::size_t piece = 1; piece < 8; ++piece)
    EXPECT_EQ(texts(read(options, text, piece)), whole) << "in pieces of " << piece;
  return whole;
}

std::vector<std::string> lines(std::string_view text) {
  return texts(options(Format::lines), text);
}
std::vector<std::string> csv(std::string_view text) { return texts(options(Format::csv), text); }

TEST(RecordReader, CutsLines) {
  EXPECT_THAT(lines("one\ntwo\r\n\n\r\n three \nlast"),
              ElementsAre("one", "two", " three ", "last"));
  EXPECT_THAT(lines(""), IsEmpty());
  EXPECT_THAT(lines("\n\n"), IsEmpty());
}

TEST(RecordReader, TellsWhereEachRecordStands) {
  const auto seen = read(options(Format::lines), "one\n\ntwo\r\nlast", 100);
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].begin, 0u);
  EXPECT_EQ(seen[0].end, 4u);
  EXPECT_EQ(seen[1].begin, 5u);
  EXPECT_EQ(seen[1].end, 10u);
  EXPECT_EQ(seen[2].end, 14u);
}

TEST(RecordReader, AByteOrderMarkIsNoPartOfTheText) {
  EXPECT_THAT(lines("\xEF\xBB\xBFone\ntwo"), ElementsAre("one", "two"));
  EXPECT_THAT(lines("\xEF\xBB"), ElementsAre("\xEF\xBB"));
  EXPECT_THAT(lines("one\n\xEF\xBB\xBFtwo"), ElementsAre("one", "\xEF\xBB\xBFtwo"));
  EXPECT_THAT(csv("\xEF\xBB\xBFid\n1"), ElementsAre(R"({"id":"1"})"));
  EXPECT_EQ(read(options(Format::lines), "\xEF\xBB\xBFone\n", 2)[0].end, 7u);
}

TEST(RecordReader, ALineLongerThanAChunkIsWhole) {
  RecordOptions large = options(Format::lines);
  large.line_max = {4 << 20};
  const std::string line(3 * ChunkBuffer::chunk_bytes, 'x');
  const auto seen = read(large, line + "\nb\n", 1000);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].text, line);
  EXPECT_EQ(seen[1].begin, line.size() + 1);
}

TEST(RecordReader, AnOversizedRecordIsItsBeginningAndItsLength) {
  const std::string large(100'000, 'x');
  for (const auto format : {Format::lines, Format::csv}) {
    const std::string head = format == Format::csv ? "h\n" : "a\n";
    for (const std::size_t piece : {1000u, 200'000u}) {
      const auto seen =
          read(options(format), head + large + "\nb\n" + std::string(4096, 'z'), piece);
      const std::size_t first = format == Format::csv ? 0 : 1;
      ASSERT_EQ(seen.size(), first + 3);
      EXPECT_EQ(seen[first].text, large.substr(0, RecordReader::prefix_bytes));
      EXPECT_EQ(seen[first].oversized, large.size());
      EXPECT_EQ(seen[first].begin, 2u);
      EXPECT_EQ(seen[first].end, 2 + large.size() + 1);
      EXPECT_EQ(seen[first + 1].begin, seen[first].end);
      EXPECT_EQ(seen[first + 1].oversized, 0u);
      EXPECT_EQ(seen[first + 2].oversized, 0u);
    }
  }
}

TEST(RecordReader, AnOversizedQuotedFieldEndsWhereItsQuoteDoes) {
  const std::string field =
      "\"" + std::string(3000, 'x') + "\n\"\"" + std::string(3000, 'y') + "\"";
  for (const std::size_t piece : {7u, 10'000u}) {
    const auto seen = read(options(Format::csv), "h\n" + field + "\nnext\n", piece);
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen[0].oversized, field.size());
    EXPECT_EQ(seen[1].text, R"({"h":"next"})");
  }
}

TEST(RecordReader, ARecordOfCsvIsAnObject) {
  EXPECT_THAT(csv("id,name\r\n1,ann\r\n2,\r\n,\n"),
              ElementsAre(R"({"id":"1","name":"ann"})", R"({"id":"2","name":""})",
                          R"({"id":"","name":""})"));
}

TEST(RecordReader, QuotedFieldsHoldWhatTheyLike) {
  EXPECT_THAT(csv("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n\"two\r\nlines\",\"\"\n\"\"\"\",z"),
              ElementsAre(R"({"a":"x,y","b":"say \"hi\""})", R"({"a":"two\r\nlines","b":""})",
                          R"({"a":"\"","b":"z"})"));
}

TEST(RecordReader, AHeaderMayBeQuotedToo) {
  EXPECT_THAT(csv("\"the \"\"id\"\"\",\"a\nb\"\n1,2\n"),
              ElementsAre(R"({"the \"id\"":"1","a\nb":"2"})"));
}

TEST(RecordReader, BlankLinesOfCsvAreSkipped) {
  EXPECT_THAT(csv("\n\r\nid\n\n1\n\r\n2\n\n"), ElementsAre(R"({"id":"1"})", R"({"id":"2"})"));
}

TEST(RecordReader, ABadRecordCostsNoOther) {
  EXPECT_THAT(
      csv("a,b\n1,2\nx\"y,3\n\"q\"z,4\n5,6\n7\n8,9,10\n\"r\"\rz,1\n11,12"),
      ElementsAre(R"({"a":"1","b":"2"})", "!a quote stands in a field that does not begin with one",
                  "!text follows a closing quote", R"({"a":"5","b":"6"})",
                  "!it has 1 fields, and there are 2 columns",
                  "!it has 3 fields, and there are 2 columns", "!text follows a closing quote",
                  R"({"a":"11","b":"12"})"));
}

TEST(RecordReader, AQuoteThatIsNotClosedIsRefused) {
  EXPECT_THAT(csv("a\n1\n\"open\nfor ever\n"),
              ElementsAre(R"({"a":"1"})", "!a quote is not closed"));
}

TEST(RecordReader, ARefusedRecordShowsItsBeginning) {
  const auto seen = read(options(Format::csv), "a\nx\"" + std::string(2000, 'y') + "\n", 100);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].text, "x\"" + std::string(RecordReader::prefix_bytes - 2, 'y'));
}

TEST(RecordReader, CsvThatIsNotUtf8IsRefused) {
  EXPECT_THAT(csv("a\n\xE4\nä\n"), ElementsAre("!it is not UTF-8", "{\"a\":\"ä\"}"));
}

TEST(RecordReader, TypedFieldsAreWhatTheyReadAs) {
  RecordOptions typed = options(Format::csv);
  typed.csv.typed = true;
  EXPECT_THAT(
      texts(typed,
            "v\n1\n-0.5e-3\n0\ntrue\n007\n\"1\"\n+1\n1.\n.5\nNaN\n123456789012345\n"
            "1234567890123456\n1e400\nnull\n-\n\"\"\n"),
      ElementsAre(R"({"v":1})", R"({"v":-0.5e-3})", R"({"v":0})", R"({"v":true})", R"({"v":"007"})",
                  R"({"v":"1"})", R"({"v":"+1"})", R"({"v":"1."})", R"({"v":".5"})",
                  R"({"v":"NaN"})", R"({"v":123456789012345})", R"({"v":"1234567890123456"})",
                  R"({"v":"1e400"})", R"({"v":"null"})", R"({"v":"-"})", R"({"v":""})"));
  EXPECT_THAT(texts(typed, "a,b\n,false\n"), ElementsAre(R"({"a":null,"b":false})"));
}

TEST(RecordReader, ColumnsAndDelimiterCanBeGiven) {
  RecordOptions given = options(Format::csv);
  given.csv.delimiter = ";";
  given.csv.columns = {"x", "y"};
  EXPECT_THAT(texts(given, "1,5;2\n"), ElementsAre(R"({"x":"1,5","y":"2"})"));
}

std::string fault_of(std::string_view text) {
  RecordReader reader(options(Format::csv), nullptr);
  fill(reader, text);
  reader.end();
  EXPECT_EQ(reader.peek(), nullptr);
  return reader.fault();
}

TEST(RecordReader, AHeaderThatNamesNoColumnsIsAFault) {
  EXPECT_THAT(fault_of("a,a\n1,2\n"), HasSubstr("two columns are called a"));
  EXPECT_THAT(fault_of("a,,b\n1,2,3\n"), HasSubstr("column 2 has no name"));
  EXPECT_THAT(fault_of("a\"b\n"), HasSubstr("the header is no CSV"));
  EXPECT_THAT(fault_of("\xFF\n"), HasSubstr("is not UTF-8"));
  EXPECT_THAT(fault_of(std::string(5000, 'x') + "\n"), HasSubstr("longer than line_max"));
  EXPECT_EQ(fault_of("a"), "");
  EXPECT_EQ(fault_of(""), "");
}

TEST(RecordReader, ARecordStaysTheNextOneUntilItIsTaken) {
  RecordReader reader(options(Format::csv), nullptr);
  fill(reader, "a\n1\n2\n");
  EXPECT_EQ(reader.peek(), reader.peek());
  EXPECT_EQ(reader.peek()->text, R"({"a":"1"})");
  reader.take();
  EXPECT_EQ(reader.peek()->text, R"({"a":"2"})");
}

TEST(RecordReader, RecordsOutliveTheirReader) {
  std::vector<std::pair<std::string_view, std::shared_ptr<const void>>> kept;
  const auto name = std::make_shared<const std::string>("name");
  const std::weak_ptr<const std::string> watched = name;
  for (const auto format : {Format::lines, Format::csv}) {
    RecordReader reader(options(format), name);
    for (int i = 0; i < 10'000; ++i) {
      fill(reader, std::to_string(i) + std::string(90, 'x') + "\n");
      while (const Record* record = reader.peek()) {
        kept.emplace_back(record->text, *record->owner);
        reader.take();
        if (i % 500 == 0) reader.shrink();
      }
    }
  }
  EXPECT_EQ(kept.size(), 19'999u);
  EXPECT_TRUE(kept[42].first.starts_with("42x"));
  EXPECT_TRUE(kept[10'041].first.starts_with(R"({")"));
  EXPECT_TRUE(kept.back().first.contains("9999x"));
  EXPECT_GT(watched.use_count(), 1);
}

TEST(RecordReader, SkippingWithinWhatWasReadGoesOnThere) {
  RecordReader reader(options(Format::csv), nullptr);
  fill(reader, "a\n1\n2\n3");
  ASSERT_TRUE(reader.knows_columns());
  reader.skip_to(4);
  fill(reader, "4\n");
  const auto seen = take_all(reader);
  ASSERT_THAT(texts(seen), ElementsAre(R"({"a":"2"})", R"({"a":"34"})"));
  EXPECT_EQ(seen[0].begin, 4u);
}

TEST(RecordReader, SkippingBeyondWhatWasReadKeepsTheColumns) {
  RecordReader reader(options(Format::csv), nullptr);
  EXPECT_FALSE(reader.knows_columns());
  fill(reader, "a\n1\n");
  ASSERT_TRUE(reader.knows_columns());
  reader.skip_to(1000);
  fill(reader, "7\n");
  const auto seen = take_all(reader);
  ASSERT_THAT(texts(seen), ElementsAre(R"({"a":"7"})"));
  EXPECT_EQ(seen[0].begin, 1000u);
  EXPECT_EQ(seen[0].end, 1002u);
}

}  // namespace
}  // namespace tidemill::records
