// Peers in C++: asmjit (x86_64 and AArch64) and VIXL (AArch64). `emit PEER STREAM REPETITIONS [OUT]`, where STREAM and
// stream.h are what `asm-peers` writes; output and OUT are as there.
#include <aarch64/assembler-aarch64.h>
#include <asmjit/arm/a64assembler.h>
#include <asmjit/asmjit.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <utility>
#include <vector>

namespace stream {
#include "stream.h"
}

struct Record {
  uint8_t op, a, b, c;
  uint32_t label;
  int64_t imm;
};
static_assert(sizeof(Record) == 16);

using Function = std::pair<const Record *, const Record *>;
using Code = std::pair<const uint8_t *, size_t>;

// What all asmjit peers do around a function.
template <class Assembler>
struct AsmjitBase {
  asmjit::CodeHolder holder;
  Assembler s;
  asmjit::Label labels[stream::LABELS];

  void start(const asmjit::Environment &environment) {
    holder.reset(asmjit::ResetPolicy::kSoft);
    holder.init(environment);
    holder.attach(&s);
    for (auto &label : labels) label = s.newLabel();
  }

  Code finish() {
    holder.flatten();
    holder.resolveUnresolvedLinks();
    return {holder.textSection()->data(), holder.textSection()->bufferSize()};
  }
};

struct AsmjitX64 : AsmjitBase<asmjit::x86::Assembler> {
  Code emit(Function function) {
    using namespace asmjit::x86;
    static const CondCode conditions[] = {CondCode::kE, CondCode::kNE, CondCode::kL, CondCode::kGE};
    start(asmjit::Environment(asmjit::Arch::kX64));
    for (const Record *record = function.first; record != function.second; record++) {
      Gp a = gpq(record->a), b = gpq(record->b);
      Xmm xa = xmm(record->a), xb = xmm(record->b);
      CondCode condition = conditions[record->imm & 3];
      int32_t value = int32_t(record->imm);
      auto mem = [&] { return ptr(b, value, 8); };
      auto memx = [&] { return ptr(b, gpq(record->c), 3, value, 8); };
      switch (record->op) {
        case stream::BIND: s.bind(labels[record->label]); break;
        case stream::MOV: s.mov(a, b); break;
        case stream::ADD: s.add(a, b); break;
        case stream::SUB: s.sub(a, b); break;
        case stream::AND: s.and_(a, b); break;
        case stream::OR: s.or_(a, b); break;
        case stream::XOR: s.xor_(a, b); break;
        case stream::MUL: s.imul(a, b); break;
        case stream::CMP: s.cmp(a, b); break;
        case stream::ADDI: case stream::ADDI32: s.add(a, value); break;
        case stream::CMPI: s.cmp(a, value); break;
        case stream::MOVI32: s.mov(gpd(record->a), value); break;
        case stream::MOVI64: s.mov(a, record->imm); break;
        case stream::SHLI: s.shl(a, value); break;
        case stream::LOAD: s.mov(a, mem()); break;
        case stream::LOADX: s.mov(a, memx()); break;
        case stream::STORE: s.mov(mem(), a); break;
        case stream::STOREX: s.mov(memx(), a); break;
        case stream::LOAD32: s.mov(gpd(record->a), ptr(b, value, 4)); break;
        case stream::STORE8: s.mov(ptr(b, value, 1), gpb(record->a)); break;
        case stream::LEA: s.lea(a, memx()); break;
        case stream::JCC: s.j(condition, labels[record->label]); break;
        case stream::JMP: s.jmp(labels[record->label]); break;
        case stream::CALL: s.call(labels[record->label]); break;
        case stream::CALLR: s.call(a); break;
        case stream::FLOAD: s.movsd(xa, mem()); break;
        case stream::FLOADX: s.movsd(xa, memx()); break;
        case stream::FSTORE: s.movsd(mem(), xa); break;
        case stream::FADD: s.addsd(xa, xb); break;
        case stream::FSUB: s.subsd(xa, xb); break;
        case stream::FMUL: s.mulsd(xa, xb); break;
        case stream::FDIV: s.divsd(xa, xb); break;
        case stream::FCMP: s.ucomisd(xa, xb); break;
        case stream::I2F: s.cvtsi2sd(xa, b); break;
        case stream::F2I: s.cvttsd2si(a, xb); break;
        case stream::SETCC: s.set(condition, gpb(record->a)); break;
        default: s.cmov(condition, a, b); break;
      }
    }
    return finish();
  }
};

// One AArch64 record. asmjit and VIXL name instructions alike; a peer says how it names operands and branches.
template <class Peer>
inline __attribute__((always_inline)) void one_a64(Peer &peer, const Record &record) {
  auto &s = peer.s;
  auto a = peer.x(record.a), b = peer.x(record.b), c = peer.x(record.c);
  auto da = peer.d(record.a), db = peer.d(record.b), dc = peer.d(record.c);
  int32_t value = int32_t(record.imm);
  auto mem = [&] { return peer.base(b, value); };
  auto memx = [&] { return peer.indexed(b, c); };
  switch (record.op) {
    case stream::BIND: s.bind(peer.label(record.label)); break;
    case stream::MOV: s.mov(a, b); break;
    case stream::ADD: s.add(a, b, c); break;
    case stream::SUB: s.sub(a, b, c); break;
    case stream::AND: s.and_(a, b, c); break;
    case stream::OR: s.orr(a, b, c); break;
    case stream::XOR: s.eor(a, b, c); break;
    case stream::MUL: s.mul(a, b, c); break;
    case stream::CMP: s.cmp(a, b); break;
    case stream::ADDI: case stream::ADDI32: s.add(a, b, value); break;
    case stream::CMPI: s.cmp(a, value); break;
    case stream::MOVI32: s.movz(a, value); break;
    case stream::MOVI64: s.movk(a, value & 0xffff, 32); break;
    case stream::SHLI: s.lsl(a, b, value); break;
    case stream::LOAD: s.ldr(a, mem()); break;
    case stream::LOADX: s.ldr(a, memx()); break;
    case stream::STORE: s.str(a, mem()); break;
    case stream::STOREX: s.str(a, memx()); break;
    case stream::LOAD32: s.ldr(peer.w(record.a), mem()); break;
    case stream::STORE8: s.strb(peer.w(record.a), mem()); break;
    case stream::LEA: peer.add_shifted(a, b, c); break;
    case stream::JCC: peer.b_cond(record.imm & 3, record.label); break;
    case stream::JMP: s.b(peer.label(record.label)); break;
    case stream::CALL: s.bl(peer.label(record.label)); break;
    case stream::CALLR: s.blr(a); break;
    case stream::FLOAD: s.ldr(da, mem()); break;
    case stream::FLOADX: s.ldr(da, memx()); break;
    case stream::FSTORE: s.str(da, mem()); break;
    case stream::FADD: s.fadd(da, db, dc); break;
    case stream::FSUB: s.fsub(da, db, dc); break;
    case stream::FMUL: s.fmul(da, db, dc); break;
    case stream::FDIV: s.fdiv(da, db, dc); break;
    case stream::FCMP: s.fcmp(da, db); break;
    case stream::I2F: s.scvtf(da, b); break;
    case stream::F2I: s.fcvtzs(a, db); break;
    case stream::SETCC: s.cset(a, peer.cond(record.imm & 3)); break;
    default: s.csel(a, b, c, peer.cond(record.imm & 3)); break;
  }
}

struct AsmjitA64 : AsmjitBase<asmjit::a64::Assembler> {
  using Cond = asmjit::arm::CondCode;
  static asmjit::arm::GpX x(uint32_t number) { return asmjit::arm::GpX(number); }
  static asmjit::arm::GpW w(uint32_t number) { return asmjit::arm::GpW(number); }
  static asmjit::arm::VecD d(uint32_t number) { return asmjit::arm::VecD(number); }
  static asmjit::arm::Shift lsl3() { return asmjit::arm::Shift(asmjit::arm::ShiftOp::kLSL, 3); }
  template <class R> static asmjit::arm::Mem base(R b, int32_t value) { return asmjit::arm::Mem(b, value); }
  template <class R> static asmjit::arm::Mem indexed(R b, R c) { return asmjit::arm::Mem(b, c, lsl3()); }
  template <class R> void add_shifted(R a, R b, R c) { s.add(a, b, c, lsl3()); }
  static Cond cond(size_t number) {
    static const Cond conditions[] = {Cond::kEQ, Cond::kNE, Cond::kLT, Cond::kGE};
    return conditions[number];
  }
  const asmjit::Label &label(uint32_t number) { return labels[number]; }
  void b_cond(size_t number, uint32_t target) { s.b(cond(number), labels[target]); }

  Code emit(Function function) {
    start(asmjit::Environment(asmjit::Arch::kAArch64));
    for (const Record *record = function.first; record != function.second; record++) one_a64(*this, *record);
    return finish();
  }
};

struct VixlA64 {
  vixl::aarch64::Assembler s{vixl::aarch64::PositionDependentCode};
  std::unique_ptr<vixl::aarch64::Label[]> labels;

  static auto x(uint32_t number) { return vixl::aarch64::XRegister(number); }
  static auto w(uint32_t number) { return vixl::aarch64::WRegister(number); }
  static auto d(uint32_t number) { return vixl::aarch64::DRegister(number); }
  template <class R> static auto base(R b, int32_t value) { return vixl::aarch64::MemOperand(b, value); }
  template <class R> static auto indexed(R b, R c) { return vixl::aarch64::MemOperand(b, c, vixl::aarch64::LSL, 3); }
  template <class R> void add_shifted(R a, R b, R c) { s.add(a, b, vixl::aarch64::Operand(c, vixl::aarch64::LSL, 3)); }
  static auto cond(size_t number) {
    using namespace vixl::aarch64;
    static const Condition conditions[] = {eq, ne, lt, ge};
    return conditions[number];
  }
  vixl::aarch64::Label *label(uint32_t number) { return &labels[number]; }
  void b_cond(size_t number, uint32_t target) { s.b(label(target), cond(number)); }

  Code emit(Function function) {
    s.Reset();
    labels.reset(new vixl::aarch64::Label[stream::LABELS]);
    vixl::CodeBufferCheckScope scope(&s, 4 * (stream::PER_FUNCTION + 16));
    for (const Record *record = function.first; record != function.second; record++) one_a64(*this, *record);
    s.FinalizeCode();
    return {s.GetBuffer()->GetStartAddress<const uint8_t *>(), s.GetSizeOfCodeGenerated()};
  }
};

static long long cpu_ns() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

template <class Peer>
static int measure(const std::vector<Function> &functions, int repetitions, const char *out) {
  static Peer peer;
  if (out) {
    FILE *file = fopen(out, "wb");
    if (!file) return 1;
    for (Function function : functions) {
      Code code = peer.emit(function);
      uint32_t length = uint32_t(code.second);
      fwrite(&length, 4, 1, file);
      fwrite(code.first, 1, code.second, file);
    }
    if (fclose(file)) return 1;
  }
  size_t bytes = 0;
  long long start = cpu_ns();
  for (int repetition = 0; repetition < repetitions; repetition++)
    for (Function function : functions) bytes += peer.emit(function).second;
  printf("%zu %lld %zu\n", size_t(repetitions) * functions.size() * stream::PER_FUNCTION, cpu_ns() - start, bytes);
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  FILE *file = fopen(argv[2], "rb");
  if (!file) return 1;
  std::vector<Record> records;
  for (Record record; fread(&record, sizeof record, 1, file) == 1;) records.push_back(record);
  fclose(file);
  std::vector<Function> functions;
  for (size_t at = 0, start = 0; at < records.size(); at++)
    if (records[at].op == stream::END) {
      functions.push_back({&records[start], &records[at]});
      start = at + 1;
    }
  const char *out = argc > 4 ? argv[4] : nullptr;
  if (!strcmp(argv[1], "x64-asmjit")) return measure<AsmjitX64>(functions, atoi(argv[3]), out);
  if (!strcmp(argv[1], "a64-asmjit")) return measure<AsmjitA64>(functions, atoi(argv[3]), out);
  if (!strcmp(argv[1], "a64-vixl")) return measure<VixlA64>(functions, atoi(argv[3]), out);
  return 2;
}
