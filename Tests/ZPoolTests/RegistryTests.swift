import Arena
import PoolTesting
import TestSupport
import Testing
import ZPool

/// Drivers come and go; a driver with a pool stays.
@Suite struct RegistryTests {
    private func makeArena() throws -> Arena { try Arena(PoolRig.smallArena) }

    @Test func allDriversAreThere() {
        let registry = ZpoolRegistry.standard()
        #expect(registry.types == ["zsmalloc", "zbud", "z3fold"])
        #expect(registry.has(type: "zbud"))
        #expect(!registry.has(type: "zblock"))
        #expect(!registry.has(type: "ZBUD"))
    }

    @Test(arguments: drivers) func aDriverLivesItsLife(driver: DriverUnderTest) throws {
        let registry = ZpoolRegistry()
        let arena = try makeArena()
        try registry.register(driver.driver)
        let pool = try registry.makeZpool(type: driver.description, in: arena)
        #expect(pool.type == driver.description)
        #expect(throws: ZpoolError.busy) { try registry.unregister(type: driver.description) }
        // Refused, it is as usable as before.
        let second = try registry.makeZpool(type: driver.description, in: arena)
        _ = try second.malloc(100)
        pool.destroy()
        #expect(throws: ZpoolError.busy) { try registry.unregister(type: driver.description) }
        second.destroy()
        try registry.unregister(type: driver.description)
        #expect(throws: ZpoolError.unknownDriver) {
            _ = try registry.makeZpool(type: driver.description, in: arena)
        }
        #expect(throws: ZpoolError.unknownDriver) {
            try registry.unregister(type: driver.description)
        }
        try registry.register(driver.driver)
        #expect(registry.has(type: driver.description))
    }

    @Test func aPoolThatIsDroppedLetsItsDriverGo() throws {
        let registry = ZpoolRegistry.standard()
        let arena = try makeArena()
        do {
            let pool = try registry.makeZpool(type: "zbud", in: arena)
            _ = try pool.malloc(10)
            // A second destroy is nothing.
            pool.destroy()
            pool.destroy()
        }
        do {
            let pool = try registry.makeZpool(type: "zbud", in: arena)
            _ = try pool.malloc(10)
        }
        try registry.unregister(type: "zbud")
        #expect(arena.poolFrameCount == 0)
    }

    @Test func aSecondDriverOfANameIsRefused() throws {
        let registry = ZpoolRegistry.standard()
        #expect(throws: ZpoolError.duplicateDriver) { try registry.register(ZbudDriver()) }
        #expect(registry.types == ["zsmalloc", "zbud", "z3fold"])
    }

    @Test func aPoolThatCannotBeMadeKeepsNoDriver() throws {
        let registry = ZpoolRegistry.standard()
        var configuration = PoolConfiguration()
        configuration.chainLength = 99
        #expect(throws: ZpoolError.invalidArgument) {
            _ = try registry.makeZpool(
                type: "zsmalloc", in: try makeArena(), configuration: configuration)
        }
        try registry.unregister(type: "zsmalloc")
    }

    /// A driver is told what it heeds, and a pool says it.
    @Test func aPoolIsToldWhatConcernsItsDriver() throws {
        let registry = ZpoolRegistry.standard()
        var configuration = PoolConfiguration()
        configuration.chainLength = 16
        for type in registry.types {
            let pool = try registry.makeZpool(
                type: type, in: try makeArena(), configuration: configuration)
            let heeded = registry.configuration(configuration, for: type)
            #expect(pool.configuration == heeded)
            #expect(pool.chainLength == (type == "zsmalloc" ? 16 : nil))
            #expect((heeded == configuration) == (type == "zsmalloc"))
        }
        #expect(registry.configuration(configuration, for: "zblock") == nil)
    }

    @Test func aReportIsATable() throws {
        let registry = ZpoolRegistry.standard()
        for type in registry.types {
            let pool = try registry.makeZpool(type: type, in: try makeArena())
            _ = try pool.malloc(100)
            let report = pool.report
            #expect(!report.rows.isEmpty)
            #expect(report.rows.allSatisfy { $0.count == report.columns.count })
            let lines = report.text.split(separator: "\n")
            #expect(lines.count == report.rows.count + 1)
            #expect(Set(lines.map(\.count)).count == 1)
        }
    }
}
