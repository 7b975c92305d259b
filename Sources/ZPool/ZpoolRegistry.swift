public import Arena
import Threads
import ZswapCore

/// The drivers that can be chosen, by name.
///
/// Law: a driver can't leave while a pool of its exists; a refused departure leaves it usable.
/// Unlike the kernel, which lets two drivers of one name coexist and takes the newest, a duplicate
/// is refused.
/// Price: a lock and a search of a short list; never on the serving path.
public final class ZpoolRegistry: Sendable {
    private struct Registration: Sendable {
        let driver: any PoolDriver
        var poolCount = 0
    }

    private let registrations = Lock<[Registration]>([])

    /// An empty registry.
    public init() {}

    /// A registry with the project's own drivers.
    public static func standard() -> ZpoolRegistry {
        let registry = ZpoolRegistry()
        for driver: any PoolDriver in [ZsmallocDriver(), ZbudDriver(), Z3foldDriver()] {
            do {
                try registry.register(driver)
            } catch {
                unreachable("two standard drivers of one name: \(error)")
            }
        }
        return registry
    }

    /// Longest name of a driver, in bytes.
    public static let nameByteCountMax = 32

    /// Makes a driver available. Throws `duplicateDriver` when the name is taken, `invalidArgument`
    /// when it is empty or too long to be kept with what it names.
    public func register(_ driver: any PoolDriver) throws(ZpoolError) {
        guard (1...Self.nameByteCountMax).contains(driver.type.utf8.count) else {
            throw .invalidArgument
        }
        let isNew = registrations.withLock { registrations in
            guard !registrations.contains(where: { $0.driver.type == driver.type }) else {
                return false
            }
            registrations.append(Registration(driver: driver))
            return true
        }
        guard isNew else { throw .duplicateDriver }
    }

    /// Removes a driver. Throws `busy` while a pool of it exists, `unknownDriver` when there is
    /// none.
    public func unregister(type: String) throws(ZpoolError) {
        let refusal: ZpoolError? = registrations.withLock { registrations in
            guard let index = registrations.firstIndex(where: { $0.driver.type == type }) else {
                return .unknownDriver
            }
            guard registrations[index].poolCount == 0 else { return .busy }
            registrations.remove(at: index)
            deepInvariant(!registrations.contains { $0.driver.type == type }, "two of one name")
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Whether a pool of this type could be made now.
    public func has(type: String) -> Bool { types.contains(type) }

    /// The names that can be chosen, in the order of registration.
    public var types: [String] { registrations.withLock { $0.map(\.driver.type) } }

    /// The drivers that can be chosen, in the order of registration.
    public var drivers: [any PoolDriver] { registrations.withLock { $0.map(\.driver) } }

    /// A configuration reduced to the fields that a driver uses, all others at their default; nil
    /// when there is no driver of that name.
    public func configuration(
        _ configuration: PoolConfiguration, for type: String
    ) -> PoolConfiguration? {
        drivers.first { $0.type == type }.map { configuration.keeping($0.heededFields) }
    }

    /// Makes a pool. The driver gets only the fields that it uses. Throws `unknownDriver`, and the
    /// driver's errors.
    public func makeZpool(
        type: String, in arena: Arena, configuration: PoolConfiguration = PoolConfiguration(),
        user: (any PoolUser)? = nil
    ) throws(ZpoolError) -> Zpool {
        guard let driver = retain(type: type) else { throw .unknownDriver }
        do {
            let heeded = configuration.keeping(driver.heededFields)
            let pool = try driver.makePool(in: arena, configuration: heeded, user: user)
            invariant(pool.totalByteCount == 0, "a new pool has frames")
            invariant(
                (1...Page.byteCount).contains(pool.objectByteCountMax),
                "a driver's objects are no pages or parts of one")
            invariant(pool.hugeByteCount > 0, "a driver says that nothing is worth compressing")
            return Zpool(driver, configuration: heeded, arena: arena, pool: pool, registry: self)
        } catch {
            release(type: type)
            throw error
        }
    }

    private func retain(type: String) -> (any PoolDriver)? {
        registrations.withLock { registrations in
            guard let index = registrations.firstIndex(where: { $0.driver.type == type }) else {
                return nil
            }
            registrations[index].poolCount += 1
            return registrations[index].driver
        }
    }

    func release(type: String) {
        registrations.withLock { registrations in
            guard let index = registrations.firstIndex(where: { $0.driver.type == type }) else {
                unreachable("a driver left while a pool of it existed")
            }
            invariant(registrations[index].poolCount > 0, "a driver's pool is released twice")
            registrations[index].poolCount -= 1
        }
    }
}
