#include "faiss/index_check.h"

#include <faiss/impl/ScalarQuantizer.h>
#include <faiss/impl/io.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "cpu/distances.h"
#include "faiss/index_parts.h"
#include "faiss/metric.h"

namespace univar {
namespace {

constexpr std::array<uint8_t, 8> kMark = {'U', 'N', 'I', 'V', 'A', 'R', 0x1A, 1};
constexpr size_t kTrailerSize = 20;
constexpr std::array<uint8_t, 8> kRemovedMark = {'U', 'N', 'I', 'V', 'A', 'R', 0x1A, 2};
constexpr size_t kMarkSize = 8;
constexpr uint64_t kMaxRows = std::numeric_limits<int32_t>::max();
constexpr uint64_t kMaxDim = 1 << 20;
constexpr int kMaxDepth = 5;  // re-ranking, transform, inverted file, graph, storage

struct Damage {
  std::string what;
};

// Values that must match those of the surrounding structures.
struct Header {
  uint64_t dim = 0;
  uint64_t rows = 0;
  int metric = 0;
};

class Walker {
 public:
  Walker(ByteSource* source, Check check) : source_(*source), check_(check), left_(source->size()) {}

  // Returns the bits of the rows that were removed.
  std::vector<uint8_t> Walk() {
    const Header header = Index(0);
    std::vector<uint8_t> removed;
    if (left_ > kTrailerSize) removed = Removed(header.rows);
    const uint64_t length = source_.size() - left_;
    const uint32_t crc = crc_.value();
    if (left_ == 0 && removed.empty()) return removed;
    std::array<uint8_t, kTrailerSize> found;
    const bool fits = left_ == kTrailerSize;
    if (fits) Bytes(found.data(), found.size(), "checksum");
    if (!fits || std::memcmp(found.data(), kMark.data(), kMarkSize) != 0) {
      throw Damage{"unknown bytes follow the index"};
    }
    std::vector<uint8_t> expected = ChecksumTrailer(length, crc);
    // The checksum cannot be verified without reading the vectors, but everything before it can.
    if (check_ == Check::kStructure) expected.resize(expected.size() - sizeof(crc));
    Require(std::equal(expected.begin(), expected.end(), found.begin()), "its checksum does not match its content");
    return removed;
  }

 private:
  static void Require(bool condition, const char* what) {
    if (!condition) throw Damage{what};
  }

  std::vector<uint8_t> Removed(uint64_t rows) {
    std::array<uint8_t, kMarkSize> mark;
    Bytes(mark.data(), mark.size(), "removed rows");
    if (mark != kRemovedMark) throw Damage{"unknown bytes follow the index"};
    std::vector<uint8_t> removed = Table<uint8_t>("removed rows");
    Require(removed.size() == (rows + 7) / 8, "its list of removed rows has the wrong size");
    Require(rows % 8 == 0 || removed.back() >> (rows % 8) == 0, "a removed row is outside the index");
    return removed;
  }

  void Bytes(void* out, uint64_t size, const char* what) {
    if (size > left_) throw Damage{std::string("it ends within its ") + what};
    if (!source_.Read(out, size)) throw Damage{std::string("its ") + what + " cannot be read"};
    crc_.Update(out, size);
    left_ -= size;
  }
  template <typename T>
  T One(const char* what) {
    T value;
    Bytes(&value, sizeof(T), what);
    return value;
  }
  bool Bool(const char* what) {
    const auto value = One<uint8_t>(what);
    Require(value <= 1, "a boolean is neither 0 nor 1");
    return value == 1;
  }
  // Returns the length of a table after checking that the remaining bytes can hold it.
  uint64_t Length(uint64_t entry_size, const char* what) {
    const auto length = One<uint64_t>(what);
    if (length > left_ / entry_size) throw Damage{std::string("it ends within its ") + what};
    return length;
  }
  template <typename T>
  std::vector<T> Table(uint64_t length, const char* what) {
    if (length > left_ / sizeof(T)) throw Damage{std::string("it ends within its ") + what};
    std::vector<T> table(length);
    Bytes(table.data(), length * sizeof(T), what);
    return table;
  }
  template <typename T>
  std::vector<T> Table(const char* what) {
    return Table<T>(Length(sizeof(T), what), what);
  }
  // Calls visit(entries, count) for successive pieces of a table without keeping the table.
  template <typename T, typename Visit>
  void Stream(uint64_t length, const char* what, Visit visit) {
    constexpr uint64_t kPiece = 1 << 16;
    std::vector<T> piece(std::min(length, kPiece));
    for (uint64_t done = 0; done < length; done += kPiece) {
      const uint64_t count = std::min(kPiece, length - done);
      Bytes(piece.data(), count * sizeof(T), what);
      visit(piece.data(), count);
    }
  }
  void Floats(uint64_t length, const char* what) {
    Stream<float>(length, what, [&](const float* values, uint64_t count) {
      if (first_row_beyond_cpu(values, 1, count, kMaxEntry) == 0) {
        throw Damage{std::string("its ") + what + " contain NaN, Infinity or a number above 1e15 in magnitude"};
      }
    });
  }
  void FloatTable(uint64_t expected, const char* what) {
    const uint64_t length = Length(sizeof(float), what);
    if (length != expected) throw Damage{std::string("its ") + what + " have the wrong size"};
    Floats(length, what);
  }
  // Checks vectors or codes of rows. They are used only to compute distances, so wrong values give wrong results but do
  // no harm.
  void Payload(uint64_t bytes, const char* what, bool floats) {
    if (check_ == Check::kStructure) {
      if (bytes > left_) throw Damage{std::string("it ends within its ") + what};
      if (!source_.Skip(bytes)) throw Damage{std::string("its ") + what + " cannot be read"};
      left_ -= bytes;
    } else if (floats) {
      Floats(bytes / sizeof(float), what);
    } else {
      Stream<uint8_t>(bytes, what, [](const uint8_t*, uint64_t) {});
    }
  }
  void Codes(uint64_t expected, const char* what) {
    Require(Length(1, what) == expected, "the number of codes does not match the number of vectors");
    Payload(expected, what, false);
  }

  Header Index(int depth) {
    Require(depth < kMaxDepth, "indexes are nested too deeply");
    const auto code = One<uint32_t>("header");
    const auto is = [code](const char* name) { return code == faiss::fourcc(name); };
    if (is("IxFI") || is("IxF2") || is("IxFl")) return Flat();
    if (is("IxSQ")) return Scalar();
    if (is("IxPq")) return Product();
    if (is("IHNf") || is("IHNs")) return Graph(depth);
    if (is("IwFl") || is("IwSq") || is("IwSQ") || is("IwPQ")) return InvertedFile(code, depth);
    if (is("IxPT")) return Transformed(depth);
    if (is("IxRF") && depth == 0) return Refined(depth);
    throw Damage{
        "it contains a \"" + faiss::fourcc_inv_printable(code) +
        "\", which is not a supported index (flat, SQ, PQ, HNSW, IVF with flat, SQ or PQ codes, each optionally "
        "after PCA, OPQ, random rotation or normalisation, and optionally re-ranked by flat or SQ vectors)"};
  }

  Header IndexHeader() {
    Header header;
    const auto dim = One<int32_t>("header");
    const auto rows = One<int64_t>("header");
    (void)One<int64_t>("header");
    (void)One<int64_t>("header");
    const bool trained = Bool("header");
    header.metric = One<int32_t>("header");
    Require(dim > 0 && static_cast<uint64_t>(dim) <= kMaxDim, "its dimension is out of range");
    Require(rows >= 0 && static_cast<uint64_t>(rows) <= kMaxRows, "its number of vectors is out of range");
    Require(FromFaiss(header.metric).has_value(), "its metric is neither inner product nor l2");
    Require(trained, "it is not trained");
    header.dim = static_cast<uint64_t>(dim);
    header.rows = static_cast<uint64_t>(rows);
    return header;
  }

  Header Flat() {
    const Header header = IndexHeader();
    const uint64_t length = Length(sizeof(float), "vectors");
    Require(length == header.rows * header.dim, "its vectors have the wrong size");
    // The centroids of lists determine which lists a search reads, so each must be a number.
    if (in_lists_) {
      Floats(length, "vectors");
    } else {
      Payload(length * sizeof(float), "vectors", true);
    }
    return header;
  }

  Header Refined(int depth) {
    const Header header = IndexHeader();
    id_end_ = header.rows;
    Same(header, Index(depth + 1), "base");
    const auto code = One<uint32_t>("header");
    const bool flat = code == faiss::fourcc("IxFI") || code == faiss::fourcc("IxF2");
    Require(flat || code == faiss::fourcc("IxSQ"), "it is re-ranked by something other than flat or SQ vectors");
    Same(header, flat ? Flat() : Scalar(), "vectors to re-rank by");
    const auto factor = One<float>("re-ranking factor");
    Require(factor >= 1.0f && factor <= 1e6f, "its re-ranking factor is out of range");
    return header;
  }

  // Returns the bytes of one code.
  uint64_t ScalarQuantizerOf(uint64_t dim) {
    using Quantizer = faiss::ScalarQuantizer;
    const auto type = One<int32_t>("quantizer");
    const auto range_rule = One<int32_t>("quantizer");
    (void)One<float>("quantizer");
    Require(type >= Quantizer::QT_8bit && type <= Quantizer::QT_8bit_direct_signed,
            "its quantizer is of an unknown type");
    Require(range_rule >= 0 && range_rule <= Quantizer::RS_optim, "its quantizer is of an unknown type");
    Require(One<uint64_t>("quantizer") == dim, "the dimension of its quantizer does not match");
    Quantizer quantizer;
    quantizer.d = dim;
    quantizer.qtype = static_cast<Quantizer::QuantizerType>(type);
    quantizer.set_derived_sizes();
    Require(One<uint64_t>("quantizer") == quantizer.code_size, "its quantizer has the wrong code size");
    const bool per_dim = type == Quantizer::QT_8bit || type == Quantizer::QT_4bit || type == Quantizer::QT_6bit;
    const bool uniform = type == Quantizer::QT_8bit_uniform || type == Quantizer::QT_4bit_uniform;
    FloatTable(per_dim ? 2 * dim : uniform ? 2 : 0, "quantizer ranges");
    return quantizer.code_size;
  }

  Header Scalar() {
    const Header header = IndexHeader();
    const uint64_t code_size = ScalarQuantizerOf(header.dim);
    Codes(header.rows * code_size, "codes");
    return header;
  }

  uint64_t ProductQuantizerOf(uint64_t dim) {
    const auto d = One<uint64_t>("quantizer");
    const auto parts = One<uint64_t>("quantizer");
    const auto bits = One<uint64_t>("quantizer");
    Require(d == dim && parts > 0 && parts <= d && d % parts == 0, "its quantizer does not divide the dimension");
    Require(bits >= 1 && bits <= 16, "its quantizer has codes of fewer than 1 or more than 16 bits");
    FloatTable(dim << bits, "quantizer centroids");
    return (parts * bits + 7) / 8;
  }

  Header Product() {
    const Header header = IndexHeader();
    const uint64_t code_size = ProductQuantizerOf(header.dim);
    Codes(header.rows * code_size, "codes");
    const auto search_type = One<int32_t>("search type");
    const bool signs = Bool("search type");
    (void)One<int32_t>("search type");
    Require(search_type == 0 && !signs, "its search type for product codes is not supported");
    return header;
  }

  Header Graph(int depth) {
    const Header header = IndexHeader();
    const auto probabilities = Table<double>("level probabilities");
    const auto places = Table<int32_t>("list sizes");
    Require(!probabilities.empty() && probabilities.size() <= 256 && places.size() > probabilities.size() &&
                places.size() <= 257,
            "its levels are inconsistent");
    Require(places[0] == 0, "its list sizes are not in ascending order");
    for (size_t i = 1; i < places.size(); ++i) {
      Require(places[i] > places[i - 1] && places[i] <= (1 << 24), "its list sizes are not in ascending order");
    }
    const auto levels = Table<int32_t>("levels");
    Require(levels.size() == header.rows, "its number of levels does not match its number of vectors");
    const int32_t top = static_cast<int32_t>(places.size()) - 1;
    for (const int32_t level : levels) Require(level >= 1 && level <= top, "a level is out of range");

    Require(Length(8, "list offsets") == header.rows + 1, "its numbers of list offsets and vectors do not match");
    uint64_t expected = 0, row = 0;
    Stream<uint64_t>(header.rows + 1, "list offsets", [&](const uint64_t* offsets, uint64_t count) {
      for (uint64_t i = 0; i < count; ++i, ++row) {
        Require(offsets[i] == expected, "a list offset is wrong");
        if (row < header.rows) expected += static_cast<uint64_t>(places[static_cast<size_t>(levels[row])]);
      }
    });
    Links(header.rows, levels, places, expected);

    const auto entry = One<int32_t>("entry point");
    const auto max_level = One<int32_t>("entry point");
    (void)One<int32_t>("graph parameters");
    (void)One<int32_t>("graph parameters");
    (void)One<int32_t>("graph parameters");
    if (header.rows == 0) {
      Require(entry == -1, "its entry point is not one of its vectors");
    } else {
      Require(entry >= 0 && static_cast<uint64_t>(entry) < header.rows, "its entry point is not one of its vectors");
      Require(max_level >= 0 && max_level == levels[static_cast<size_t>(entry)] - 1,
              "its entry point is not on the top level");
    }
    Same(header, Index(depth + 1), "storage");
    return header;
  }

  // A link must point to a vector that has lists on the level of the link; otherwise search would read beyond the
  // lists.
  void Links(uint64_t rows, const std::vector<int32_t>& levels, const std::vector<int32_t>& places, uint64_t expected) {
    Require(Length(4, "links") == expected, "it has the wrong number of links");
    uint64_t row = 0;
    int32_t place = 0, level = 0;
    Stream<int32_t>(expected, "links", [&](const int32_t* links, uint64_t count) {
      for (uint64_t i = 0; i < count; ++i) {
        const int32_t link = links[i];
        Require(link >= -1 && (link < 0 || static_cast<uint64_t>(link) < rows), "a link points to a missing vector");
        Require(link < 0 || levels[static_cast<size_t>(link)] > level, "a link points to a vector below its level");
        if (++place == places[static_cast<size_t>(level) + 1]) ++level;
        if (place == places[static_cast<size_t>(levels[row])]) {
          place = level = 0;
          ++row;
        }
      }
    });
  }

  static void Same(const Header& outer, const Header& inner, const char* what) {
    if (outer.dim != inner.dim || outer.rows != inner.rows || outer.metric != inner.metric) {
      throw Damage{std::string("the dimension, size or metric of its ") + what + " does not match the index"};
    }
  }

  Header InvertedFile(uint32_t code, int depth) {
    const Header header = IndexHeader();
    const auto lists = One<uint64_t>("header");
    const auto probes = One<uint64_t>("header");
    Require(lists > 0 && lists <= kMaxRows, "its number of lists is out of range");
    Require(probes > 0 && probes <= kMaxRows, "its number of lists to search is out of range");
    in_lists_ = true;
    const Header coarse = Index(depth + 1);
    in_lists_ = false;
    Require(coarse.dim == header.dim && coarse.rows == lists, "its coarse quantizer does not match its lists");
    Require(One<uint8_t>("direct map") == 0 && Length(8, "direct map") == 0,
            "it has a direct map, which is not supported");

    uint64_t code_size = 4 * header.dim;
    if (code == faiss::fourcc("IwPQ")) {
      (void)Bool("header");
      const auto stated = One<uint64_t>("header");
      code_size = ProductQuantizerOf(header.dim);
      Require(stated == code_size, "its code size is wrong");
    } else if (code != faiss::fourcc("IwFl")) {
      code_size = ScalarQuantizerOf(header.dim);
      Require(One<uint64_t>("header") == code_size, "its code size is wrong");
      if (code == faiss::fourcc("IwSq")) (void)Bool("header");
    }
    Lists(header, lists, code_size, code == faiss::fourcc("IwFl"));
    return header;
  }

  void Lists(const Header& header, uint64_t lists, uint64_t code_size, bool floats) {
    Require(One<uint32_t>("lists") == faiss::fourcc("ilar"), "its lists are stored in an unsupported way");
    Require(One<uint64_t>("lists") == lists, "its number of lists does not match its header");
    Require(One<uint64_t>("lists") == code_size, "its code size is wrong");
    std::vector<uint64_t> sizes(lists, 0);
    const auto layout = One<uint32_t>("list sizes");
    if (layout == faiss::fourcc("full")) {
      sizes = Table<uint64_t>("list sizes");
      Require(sizes.size() == lists, "its number of lists does not match its header");
    } else {
      Require(layout == faiss::fourcc("sprs"), "its list sizes are stored in an unsupported way");
      const auto pairs = Table<uint64_t>("list sizes");
      Require(pairs.size() % 2 == 0, "its list sizes are incomplete");
      for (size_t i = 0; i < pairs.size(); i += 2) {
        Require(pairs[i] < lists, "a list size refers to a missing list");
        sizes[pairs[i]] = pairs[i + 1];
      }
    }
    uint64_t total = 0;
    for (const uint64_t size : sizes) {
      Require(size <= header.rows, "a list holds more vectors than the index");
      total += size;
      Require(total <= header.rows, "its lists hold more vectors than the index");
    }
    Require(total <= left_ / (code_size + 8), "it ends within its lists");
    for (const uint64_t size : sizes) {
      Payload(size * code_size, floats ? "vectors" : "codes", floats);
      Stream<int64_t>(size, "ids", [&](const int64_t* ids, uint64_t count) {
        for (uint64_t i = 0; i < count; ++i) {
          Require(ids[i] >= 0 && static_cast<uint64_t>(ids[i]) < id_end_, "an id is negative or too large");
        }
      });
    }
  }

  Header Transformed(int depth) {
    const Header header = IndexHeader();
    const auto steps = One<int32_t>("transforms");
    Require(steps >= 0 && steps <= 16, "its number of transforms is out of range");
    uint64_t dim = header.dim;
    for (int32_t i = 0; i < steps; ++i) dim = Transform(dim);
    const Header inner = Index(depth + 1);
    Require(inner.dim == dim && inner.rows == header.rows && inner.metric == header.metric,
            "the dimension, size or metric of its inner index does not match");
    return header;
  }

  // Returns the output dimension.
  uint64_t Transform(uint64_t dim) {
    const auto code = One<uint32_t>("transform");
    const auto is = [code](const char* name) { return code == faiss::fourcc(name); };
    uint64_t matrix = 0, bias = 0, map = 0;
    bool linear = true, have_bias = false;
    if (is("PcAm") || is("Pcam")) {
      (void)One<float>("transform");
      if (is("Pcam")) (void)One<float>("transform");
      (void)Bool("transform");
      (void)One<int32_t>("transform");
      for (int i = 0; i < 3; ++i) {
        const uint64_t length = Length(sizeof(float), "transform");
        Floats(length, "transform");
        if (i == 0) Require(length == dim, "a transform has the wrong size");
      }
    } else if (is("VNrm")) {
      linear = false;
      Require(One<float>("transform") == 2.0f, "it normalises by a norm other than l2");
    } else if (is("RmDT")) {
      linear = false;
      const auto table = Table<int32_t>("transform");
      map = table.size();
      for (const int32_t from : table) {
        Require(from >= -1 && from < static_cast<int64_t>(dim), "a transform reads a dimension that does not exist");
      }
    } else {
      Require(is("LTra") || is("rrot"), "it contains a transform of an unsupported kind");
    }
    if (linear) {
      have_bias = Bool("transform");
      matrix = Length(sizeof(float), "transform");
      Floats(matrix, "transform");
      bias = Length(sizeof(float), "transform");
      Floats(bias, "transform");
    }
    const auto dim_in = One<int32_t>("transform");
    const auto dim_out = One<int32_t>("transform");
    const bool trained = Bool("transform");
    Require(trained && dim_in > 0 && static_cast<uint64_t>(dim_in) == dim && dim_out > 0 &&
                static_cast<uint64_t>(dim_out) <= kMaxDim,
            "a transform has the wrong dimensions");
    const auto out = static_cast<uint64_t>(dim_out);
    if (linear) {
      Require(matrix == dim * out && (!have_bias || bias == out), "a transform has the wrong size");
    } else {
      Require(is("RmDT") ? map == out : dim == out, "a transform has the wrong size");
    }
    return out;
  }

  ByteSource& source_;
  const Check check_;
  uint64_t left_;
  uint64_t id_end_ = kMaxRows + 1;  // length of the table that ids point into, if they are row numbers
  bool in_lists_ = false;           // within the coarse quantizer of an inverted file
  Crc32 crc_;
};

}  // namespace

Status CheckIndexBytes(ByteSource* source, Check check, std::vector<uint8_t>* removed) {
  try {
    *removed = Walker(source, check).Walk();
    return Status::Ok();
  } catch (const Damage& damage) {
    return Status::Error(Code::kData, "Cannot load an index from " + source->name() + ": " + damage.what);
  }
}

std::vector<uint8_t> RemovedBlock(const std::vector<uint8_t>& removed) {
  if (removed.empty()) return {};
  std::vector<uint8_t> block(kRemovedMark.begin(), kRemovedMark.end());
  for (int i = 0; i < 8; ++i) block.push_back(static_cast<uint8_t>(removed.size() >> (8 * i)));
  block.insert(block.end(), removed.begin(), removed.end());
  return block;
}

std::vector<uint8_t> ChecksumTrailer(uint64_t length, uint32_t crc) {
  std::vector<uint8_t> trailer(kMark.begin(), kMark.end());
  for (int i = 0; i < 8; ++i) trailer.push_back(static_cast<uint8_t>(length >> (8 * i)));
  for (int i = 0; i < 4; ++i) trailer.push_back(static_cast<uint8_t>(crc >> (8 * i)));
  return trailer;
}

}  // namespace univar
