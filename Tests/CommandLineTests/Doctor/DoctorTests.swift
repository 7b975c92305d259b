import Foundation
import TestSupport
import Testing
import ZswapCore

@testable import LinuxSystem
@testable import ZswapfsCommand

/// `zswapfs doctor`: each check on a machine with that one fault, and the command on this machine.
extension CommandLineTests {
    @Suite struct DoctorTests {
        /// A machine on which nothing is to be mended.
        private static func sound(_ change: (inout MachineFacts) -> Void = { _ in }) -> MachineFacts
        {
            var facts = MachineFacts()
            facts.kernelRelease = "6.12.3-amd64"
            facts.ringSwitch = "N"
            facts.memoryByteCount = 16 << 30
            facts.isZswapOn = false
            facts.pageCluster = 3
            facts.swappiness = 100
            facts.idleExitMicroseconds = 100
            change(&facts)
            return facts
        }

        /// A machine with one fault, and the words that its finding has to have.
        struct Fault: Sendable, CustomTestStringConvertible {
            let subject: String
            let grade: Finding.Grade
            let words: [String]
            let change: @Sendable (inout MachineFacts) -> Void
            var testDescription: String { "\(subject): \(words)" }

            init(
                _ subject: String, _ grade: Finding.Grade, _ words: [String],
                _ change: @escaping @Sendable (inout MachineFacts) -> Void
            ) {
                (self.subject, self.grade, self.words, self.change) = (
                    subject, grade, words, change
                )
            }
        }

        static let faults: [Fault] = [
            Fault("kernel", .advice, ["6.8.1", "6.9"]) { $0.kernelRelease = "6.8.1" },
            Fault("kernel", .advice, ["5.15.0", "6.4", "6.9"]) { $0.kernelRelease = "5.15.0-91" },
            Fault("page size", .problem, ["16384"]) { $0.kernelPageByteCount = 16384 },
            Fault("/dev/fuse", .problem, ["modprobe fuse"]) {
                ($0.hasFuseDevice, $0.mayOpenFuse) = (false, false)
            },
            Fault("/dev/fuse", .problem, ["--device /dev/fuse"]) { $0.mayOpenFuse = false },
            Fault("loop devices", .problem, ["modprobe loop"]) { $0.hasLoopDevices = false },
            Fault("rights", .problem, ["files", "sudo"]) { $0.capabilities = [.lockMemory] },
            Fault("rights", .problem, ["fuse3"]) {
                ($0.capabilities, $0.hasMountHelper) = ([.lockMemory], false)
            },
            Fault("locked memory", .advice, ["8.0 MiB", "ulimit -l"]) {
                $0.capabilities.remove(.lockMemory)
                $0.lockedByteCountMax = 8 << 20
            },
            Fault("memory shortage", .advice, ["CAP_SYS_RESOURCE"]) {
                $0.capabilities.remove(.useResources)
            },
            Fault("memory group", .advice, ["/sys/fs/cgroup/a", "512.0 MiB", "100.0 MiB"]) {
                $0.room = MemoryAllowance.Room(
                    group: "/sys/fs/cgroup/a", limitByteCount: 512 << 20, byteCount: 100 << 20)
            },
            Fault("memory group", .advice, ["0 bytes"]) {
                $0.room = MemoryAllowance.Room(group: "/g", limitByteCount: 1, byteCount: -5)
            },
            Fault("zswap", .advice, ["enabled"]) { $0.isZswapOn = true },
            Fault("other swap", .advice, ["/dev/zram0", "--priority 101"]) {
                $0.swaps = swaps("/dev/zram0 partition 1048576 0 100")
            },
            Fault("other swap", .advice, ["/dev/sda2", "--priority 100"]) {
                $0.swaps = swaps("/dev/sda2 partition 1048576 0 -2")
            },
            Fault("other swap", .advice, ["--priority 32767"]) {
                $0.swaps = swaps("/swapfile file 1048576 0 32767")
            },
            Fault("swappiness", .advice, ["60", "vm.swappiness=100"]) { $0.swappiness = 60 },
            Fault("idle processors", .advice, ["100 µs", "cpu_dma_latency"]) {
                $0.mayRequestLatency = false
            },
        ]

        private static func swaps(_ line: String) -> SwapTable {
            SwapTable(parsing: "Filename Type Size Used Priority\n\(line)\n")
        }

        @Test func aSoundMachineNeedsNothing() {
            let findings = Self.sound().findings
            #expect(findings.count >= 10 && findings.allSatisfy { $0.grade == .good })
            #expect(findings.allSatisfy { $0.remedy == nil })
        }

        @Test(arguments: faults) func eachFaultIsFoundAlone(fault: Fault) throws {
            let bad = Self.sound(fault.change).findings.filter { $0.grade != .good }
            let finding = try #require(bad.first)
            #expect(bad.count == 1 && finding.subject == fault.subject, "\(bad)")
            #expect(finding.grade == fault.grade)
            let text = finding.lines(columnCount: 200).joined(separator: "\n")
            for word in fault.words { #expect(text.contains(word), "\(text)") }
        }

        /// A fact that can't be read is no fault, and no claim.
        @Test func theUnknownIsNotJudged() {
            let facts = Self.sound {
                $0.kernelRelease = "unknown"
                ($0.isZswapOn, $0.pageCluster, $0.swappiness) = (nil, nil, nil)
                $0.idleExitMicroseconds = nil
            }
            #expect(facts.findings.allSatisfy { $0.grade == .good })
            let subjects = Set(facts.findings.map(\.subject))
            #expect(subjects.isDisjoint(with: ["kernel", "zswap", "readahead", "swappiness"]))
        }

        /// A loop device may be one of ours.
        @Test func anAreaInUseIsNoOtherSwap() {
            let facts = Self.sound { $0.swaps = Self.swaps("/dev/loop3 partition 1048576 0 -2") }
            #expect(facts.findings.allSatisfy { $0.grade == .good })
        }

        @Test func linesFitAndTheWorstComesFirst() {
            let facts = Self.sound { facts in
                facts.hasLoopDevices = false
                facts.isZswapOn = true
            }
            let text = DoctorCommand.text(of: facts.findings, columnCount: 60)
            let lines = text.split(separator: "\n")
            #expect(lines.first?.hasPrefix("problem  loop devices: ") == true)
            #expect(lines.last == "1 problem, 1 with advice, \(facts.findings.count - 2) ok")
            let remedies = facts.findings.compactMap(\.remedy)
            for line in lines where !remedies.contains(where: { line.hasSuffix($0) }) {
                #expect(line.count <= 60, "\(line)")
            }
            for remedy in remedies { #expect(text.contains(remedy)) }
        }

        /// The status says whether there is a problem, and JSON has the same findings.
        @Test func itTellsOfThisMachine() throws {
            let text = try BuiltProgram.run(["doctor"])
            let json = try BuiltProgram.run(["doctor", "--json"])
            let value = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
            let objects = try #require(value as? [[String: Any]])
            let grades = objects.compactMap { $0["grade"] as? String }
            #expect(grades.count == objects.count && grades.count >= 8)
            let status: Int32 = grades.contains("problem") ? 69 : 0
            #expect(text.status == status && json.status == status, "\(text)")
            #expect(text.errors.isEmpty && json.errors.isEmpty)
            for object in objects {
                let subject = try #require(object["subject"] as? String)
                #expect(text.output.contains("\(subject): "))
                #expect((object["remedy"] is NSNull) == (object["grade"] as? String == "ok"))
            }
        }
    }
}
